"""What must hold. Each judge gives (promise, kept, in words)."""

import collections
import statistics

LIVE_S = 3
MOST_DISTURBED_S = 0.5  # a watching that was to go on: two looks in a row or three may fail on a busy machine
KILLED_S = 1.0  # alerts that are this young at a kill may not be on disk
WARM_UP_S = 60
FEW_S = 300  # a life that was watched for less says nothing of a slope
MOST_GROWTH = 4 << 20  # bytes in a life, and of it
MOST_SHARE = 0.03
MOST_DESCRIPTORS = 3
IN_SOCKETS = 20  # pictures that were sent to a slow viewer and haven't come


def live_after(watch, fault):
    """Seconds from the fault's end to pictures that are analysed again; None: not before the next fault."""
    before = next((look for look in reversed(watch.looks) if look.at <= fault.ended and look.camera), None)
    decoded = before.camera["frames_decoded"] if before and not fault.new_service else 0
    for look in watch.between(fault.ended, fault.over):
        if look.live and look.camera["frames_decoded"] > decoded:
            return look.at - fault.ended
    return None


def disturbed(watch, fault):
    """Seconds in which nobody could watch, of a fault that was to disturb nothing."""
    looks = watch.between(fault.begun, fault.over)
    longest, since = 0.0, None
    for look in looks:
        since = None if look.live else (since or look.at)
        longest = max(longest, look.at - since if since else 0)
    return longest


def back_in_time(watch, faults):
    late = []
    for fault in faults:
        allowed = LIVE_S + watch.lateness(fault.ended, fault.over)
        if fault.disturbs and (fault.live_s is None or fault.live_s > allowed):
            late.append(f"{fault.name} at {fault.at_s:.0f} s: " + ("not again" if fault.live_s is None else f"{fault.live_s:.1f} s"))
    lived = [fault.live_s for fault in faults if fault.disturbs and fault.live_s is not None]
    if late:
        return False, "; ".join(late)
    return True, f"{len(lived)} times, median {statistics.median(lived):.1f} s, at most {max(lived):.1f} s" if lived else "no such fault"


def undisturbed(watch, faults):
    broken = [f"{fault.name} at {fault.at_s:.0f} s: {fault.disturbed_s:.1f} s" for fault in faults if not fault.disturbs
              and fault.disturbed_s > MOST_DISTURBED_S + watch.lateness(fault.begun, fault.over)]
    return not broken, "; ".join(broken) or f"{sum(not fault.disturbs for fault in faults)} faults elsewhere"


def caught_up(watch, faults):
    broken = []
    for fault in faults:
        if fault.caught_up_s is None or fault.caught_up_s > LIVE_S + watch.lateness(fault.ended, fault.over):
            broken.append(f"{fault.name} at {fault.at_s:.0f} s: " + (fault.behind or f"{fault.caught_up_s:.1f} s"))
    return not broken, "; ".join(broken) or f"at most {max((f.caught_up_s for f in faults), default=0):.1f} s"


def never_clear_while_blind(watch, faults):
    """As the service says it, and no older than its word."""
    broken, seconds = [], 0.0
    for fault in faults:
        if fault.blind_after_s is None:
            continue
        begin = fault.begun + fault.blind_after_s + 0.5 + watch.lateness(fault.begun, fault.ended)
        looks = watch.between(begin, fault.ended)
        seconds += max(0, fault.ended - begin)
        clear = [look for look in looks if look.road == "clear"]
        if clear:
            broken.append(f"{fault.name} at {fault.at_s:.0f} s: {len(clear)} of {len(looks)} looks, the first "
                          f"{clear[0].at - fault.begun:.1f} s after its begin")
    stale = [look for look in watch.looks if look.road == "clear" and (look.camera["frame_age_s"] or 0) > 1.5 + watch.slack_s]
    if stale:
        broken.append(f"{len(stale)} looks with a picture of {max(look.camera['frame_age_s'] for look in stale):.1f} s")
    return not broken, "; ".join(broken) or f"{seconds:.0f} s without sight"


def no_alert_lost_or_doubled(rig, stored, kills, hostile):
    """stored: the alerts of the store in the end. kills, hostile: (begin, end) of what may cost some: alerts that the
    disk didn't have yet at a kill, and those that a hostile broker took."""
    if not stored:
        return False, "none was raised"
    known = {alert["id"]: (alert["kind"], alert["camera"], alert["time"]) for alert in stored}
    broken, excused, repeats = [], set(), {}
    for one in rig.everybody:
        got = [number for number in one.ids if number <= stored[-1]["id"]]
        if len(set(got)) != len(got) or got != sorted(got):
            broken.append(f"{one.name}: twice or out of order")
        for number in set(got) - set(known):
            if any(begin - KILLED_S <= one.arrivals[number] <= end for begin, end in kills):
                excused.add(number)
            else:
                broken.append(f"{one.name}: {number} isn't in the store")
        missing = set(known) - set(got)
        if one is rig.mqtt:
            missing = {number for number in missing if not any(begin <= stored_at(rig, number) <= end for begin, end in hostile)}
        if missing:
            broken.append(f"{one.name}: {len(missing)} missing, the first {min(missing)}")
        wrong = [number for number in got if number in known and one.contents[number] != known[number]]
        if wrong:
            broken.append(f"{one.name}: {wrong[0]} isn't the store's")
        if one.repeats:
            repeats[one.name] = one.repeats
    # At one moment a loss and a blindness may end, which is told twice, in other words.
    told = collections.Counter((a["kind"], a["camera"], a["time"], a["track_id"], a.get("text")) for a in stored)
    if again := [content for content, times in told.items() if times > 1]:
        broken.append(f"{len(again)} alerts are in the store under two numbers, the first {again[0]}")
    words = f"{len(stored)} alerts, {len(rig.everybody)} receivers"
    if excused:
        words += f"; {len(excused)} were younger than {KILLED_S:.0f} s at a kill and not on disk"
    if repeats:
        words += "; came twice and were known by their number: " + ", ".join(f"{k} {v}" for k, v in repeats.items())
    return not broken, "; ".join(broken[:5]) or words


def stored_at(rig, number):
    """When the first of the receivers had it."""
    return min((one.arrivals[number] for one in rig.everybody if number in one.arrivals), default=0)


def slope(sizes, value):
    """Least squares, per second."""
    if len(sizes) < 3:
        return 0.0
    return statistics.linear_regression([one.at for one in sizes], [value(one) for one in sizes]).slope


def lives_of(scale, name):
    """(lives, sizes of the longest behind its warm-up, seconds)"""
    lives = [sizes for (program, _), sizes in scale.lives.items() if program == name]
    longest = max(lives, key=lambda sizes: sizes[-1].at - sizes[0].at, default=[])
    warm = [one for one in longest if one.at - longest[0].at >= WARM_UP_S]
    return len(lives), warm, warm[-1].at - warm[0].at if warm else 0


def flat(scale, name):
    count, warm, seconds = lives_of(scale, name)
    if seconds < 10:
        return True, f"{count} lives, none longer than {WARM_UP_S} s: not judged"
    memory, descriptors = slope(warm, lambda one: one.bytes), slope(warm, lambda one: one.descriptors)
    words = (f"{memory * 3600 / 1e6:+.1f} MB/h and {descriptors * 3600:+.1f} descriptors/h over {seconds:.0f} s of its longest "
             f"life of {count}, at {warm[-1].bytes / 1e6:.0f} MB, {warm[-1].descriptors} descriptors, {warm[-1].threads} threads")
    if seconds < FEW_S:
        return True, words + "; too short to judge"
    kept = (memory * seconds < max(MOST_GROWTH, MOST_SHARE * warm[0].bytes) and descriptors * seconds < MOST_DESCRIPTORS)
    return kept, words


def difference(metrics, before, prefix):
    return sum(value - before.get(name, 0) for name, value in metrics.items() if name.startswith(prefix))


def every_drop_counted(rig, before, after, received):
    """before, after: metrics around a time in which every connection stood. received: (messages, pictures) that
    subscribers and viewers had meanwhile."""
    broken = []
    passed = lambda name: difference(after, before, name)
    decoded, analysed = passed("rearview_frames_decoded_total"), passed("rearview_frames_analysed_total")
    busy = passed('rearview_drops_total{camera="rear",reason="analysis_busy"}')
    if abs(decoded - analysed - busy) > 2:
        broken.append(f"{decoded:.0f} decoded, {analysed:.0f} analysed, {busy:.0f} left out")
    messages, pictures = received
    skipped = passed("rearview_analyses_skipped_total")
    wanted = analysed * len(rig.with_analyses)
    if abs(wanted - messages - skipped) > 3 * len(rig.with_analyses):
        broken.append(f"{wanted:.0f} analyses to tell, {messages} came, {skipped:.0f} skipped")
    drawn = passed("rearview_pictures_encoded_total") * len(rig.viewers)
    replaced = passed("rearview_http_pictures_replaced_total")
    if abs(drawn - pictures - replaced) > 3 * len(rig.viewers) + IN_SOCKETS:
        broken.append(f"{drawn:.0f} pictures to show, {pictures} came, {replaced:.0f} replaced")
    return not broken, "; ".join(broken) or (f"{decoded:.0f} pictures: {analysed:.0f} analysed, {busy:.0f} left out; "
                                             f"{wanted:.0f} analyses to tell: {messages} came, {skipped:.0f} skipped; "
                                             f"{drawn:.0f} pictures to show: {pictures} came, {replaced:.0f} replaced")
