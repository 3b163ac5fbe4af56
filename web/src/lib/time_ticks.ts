// Round times along an axis of seconds.
const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000]

/** At most about `most` of them between low and high. */
export function timeTicks(low: number, high: number, most = 8): number[] {
  if (!(high > low)) return []
  const step = steps.find(one => (high - low) / one <= most) ?? Math.ceil((high - low) / most / 864000) * 864000
  const result: number[] = []
  for (let v = Math.ceil(low / step) * step; v <= high; v += step) result.push(v)
  return result
}
