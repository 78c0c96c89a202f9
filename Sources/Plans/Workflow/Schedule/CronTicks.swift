// From local times to real moments, around changes of the clocks too.

/// The real moments of a cron expression in a zone, in seconds since 1970.
struct CronTicks {
    var cron: CronExpression
    /// What local clocks are ahead of UTC, in seconds, at a moment.
    var offset: (Int) -> Int

    /// Longer than any change of the clocks but a moved date line, which is one day.
    private static let shiftSecondsMax = 86_400
    /// Within this time after a candidate, an earlier tick may follow from a later local time.
    private static let disorderSeconds = 2 * 3_600

    func next(after moment: Int) -> Int? {
        cron.isEveryHour ? nextOfEveryHour(after: moment) : nextOfFixedHours(after: moment)
    }

    /// The first real minute whose local clocks match. Hours repeated by the clocks match again, and
    /// hours left out leave out nothing, since their minutes come in the next hour.
    private func nextOfEveryHour(after moment: Int) -> Int? {
        var at = (moment >= 0 ? moment / 60 : (moment - 59) / 60) * 60 + 60
        let end = at + WorkflowLimits.scheduleDaysMax * 86_400
        while at < end {
            let local = CivilTime(seconds: at + offset(at))
            if cron.matches(local) { return at }
            guard let later = cron.next(after: local) else { return nil }
            // Where the clocks do not change on the way's last hours, it is there. Where they do, stop
            // before the change could hide a match, and go on by minutes.
            let jump = later.seconds - local.seconds
            let watch = max(at, at + jump - Self.disorderSeconds)
            let isSteady = offset(at) == offset(at + jump) && offset(watch) == offset(at + jump)
            at = isSteady ? at + jump : max(at + 60, watch)
        }
        return nil
    }

    private func nextOfFixedHours(after moment: Int) -> Int? {
        var local = CivilTime(seconds: moment + offset(moment) - Self.shiftSecondsMax)
        var found: (tick: Int, local: CivilTime)?
        while let candidate = cron.next(after: local) {
            if let found, candidate.seconds > found.local.seconds + Self.disorderSeconds { break }
            let tick = self.moment(of: candidate)
            if tick > moment, tick < found?.tick ?? .max {
                found = (tick, found?.local ?? candidate)
            }
            local = candidate
        }
        return found?.tick
    }

    /// The moment at which local clocks show `local`: the later of two, and for a time that is left
    /// out, as far behind the change as the time is.
    func moment(of local: CivilTime) -> Int {
        let before = offset(local.seconds - Self.shiftSecondsMax)
        let after = offset(local.seconds + Self.shiftSecondsMax)
        if before == after { return local.seconds - before }
        let early = local.seconds - max(before, after)
        let late = local.seconds - min(before, after)
        if late + offset(late) == local.seconds { return late }
        if early + offset(early) == local.seconds { return early }
        return local.seconds - before
    }
}
