/* The least that any program must do: `floor cold|warm ROOT ROUNDS` prints the best round's seconds.
 *
 * cold: list every session folder, stat every image, read every manifest.
 * warm: stat every session folder and every manifest.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *buffer;
static size_t capacity;

static int is_image(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && (!strcmp(dot, ".png") || !strcmp(dot, ".jpg") || !strcmp(dot, ".jpeg") || !strcmp(dot, ".webp"));
}

static void read_manifest(int folder) {
    struct stat state;
    int file = openat(folder, "manifest.json", O_RDONLY);
    if (file < 0) return;
    fstat(file, &state);
    if ((size_t)state.st_size + 1 > capacity) buffer = realloc(buffer, capacity = 2 * state.st_size + 1);
    while (read(file, buffer, capacity) > 0) {}
    close(file);
}

static void read_session(int root, const char *name) {
    struct stat state;
    int folder = openat(root, name, O_RDONLY | O_DIRECTORY);
    if (folder < 0) return;
    DIR *entries = fdopendir(folder);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (is_image(entry->d_name)) fstatat(folder, entry->d_name, &state, 0);
    read_manifest(folder);
    closedir(entries);
}

static void stat_session(int root, const char *name) {
    char path[4096];
    struct stat state;
    fstatat(root, name, &state, 0);
    snprintf(path, sizeof path, "%s/manifest.json", name);
    fstatat(root, path, &state, 0);
}

int main(int count, char **arguments) {
    if (count < 4) return 2;
    int is_cold = !strcmp(arguments[1], "cold");
    double best = 1e9;
    for (int rounds = atoi(arguments[3]); rounds > 0; rounds--) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        DIR *root = opendir(arguments[2]);
        if (!root) return 1;
        for (struct dirent *entry; (entry = readdir(root));)
            if (entry->d_name[0] != '.') (is_cold ? read_session : stat_session)(dirfd(root), entry->d_name);
        closedir(root);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double seconds = (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9;
        if (seconds < best) best = seconds;
    }
    printf("%.9f\n", best);
    return 0;
}
