"""Instants, as drives count them, and local times, as people read them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_local(moment: datetime) -> datetime:
    """Return `moment` as local time without offset, the form in which all times are kept."""
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone().replace(tzinfo=None)
    except (OverflowError, OSError) as error:  # year 1 or 9999, or outside what the platform can convert
        raise ValueError(f"{moment} cannot be converted to local time") from error


def local_time(time_ns: int | None) -> datetime | None:
    """Return an instant, in nanoseconds since 1970, as local time; None if the calendar has no such year."""
    if time_ns is None:
        return None
    seconds, ns = divmod(time_ns, 1_000_000_000)
    try:
        if seconds < 0:  # which `fromtimestamp` does not know on Windows
            return to_local(_EPOCH + timedelta(microseconds=time_ns // 1000))
        return datetime.fromtimestamp(seconds).replace(microsecond=ns // 1000)
    except (OverflowError, OSError, ValueError):
        return None


def instants_ns(moment: datetime) -> tuple[int, int]:
    """Return the first and the last instant that a local time may mean, in nanoseconds since 1970.

    They differ for what clocks show twice when they are set back, and for what they skip when they are set forward.
    """
    first, last = sorted(instant_ns(moment.replace(fold=fold)) for fold in (0, 1))
    return first, last


def instant_ns(moment: datetime) -> int:
    """Return a local time as an instant, in nanoseconds since 1970, exact to the microsecond."""
    try:
        whole = int(moment.replace(microsecond=0).timestamp())
    except (OverflowError, OSError, ValueError):  # year 1 or 9999, which some platforms cannot convert
        whole = int((moment.replace(microsecond=0, tzinfo=UTC) - _EPOCH).total_seconds())
    return whole * 1_000_000_000 + moment.microsecond * 1000


def parse_moment(text: str | None) -> datetime | None:
    """Return an ISO 8601 text as it is, with its offset if it has one; None if it cannot be shown as local time."""
    try:
        moment = datetime.fromisoformat(text or "")
        to_local(moment)
    except ValueError:
        return None
    return moment


def parse_time(text: str | None) -> datetime | None:
    """Return an ISO 8601 text as local time; None if it is not one."""
    moment = parse_moment(text)
    return None if moment is None else to_local(moment)
