// The few statistics the page computes itself, for what is on the screen; whatever is reported as a finding comes from the server.
const ascending = (a: number, b: number): number => a - b

export const finite = (values: readonly (number | null | undefined)[]): number[] => values.filter((v): v is number => typeof v === 'number' && Number.isFinite(v))

/** Between the values by straight lines; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  if (!values.length) return NaN
  const sorted = [...values].sort(ascending)
  const at = (sorted.length - 1) * share
  const low = Math.floor(at)
  return low + 1 < sorted.length ? sorted[low] + (sorted[low + 1] - sorted[low]) * (at - low) : sorted[low]
}
export const median = (values: readonly number[]): number => quantile(values, 0.5)
export const mean = (values: readonly number[]): number => (values.length ? values.reduce((sum, v) => sum + v, 0) / values.length : NaN)

/** Sample standard deviation; NaN for less than two values. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return NaN
  const centre = mean(values)
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1))
}

export function extent(values: Iterable<number>): [number, number] {
  let low = Infinity, high = -Infinity
  for (const v of values) if (Number.isFinite(v)) low = Math.min(low, v), high = Math.max(high, v)
  return [low, high]
}

/**
 * Exponential average with the start's bias taken out (Kingma and Ba 2015, section 3), so that the first values are not drawn to
 * zero. weight: 0 = as it is, towards 1 = smoother. Gaps stay gaps.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values]
  let sum = 0, left = 1
  return values.map(v => {
    if (v === null || !Number.isFinite(v)) return null
    sum = weight * sum + (1 - weight) * v
    left *= weight
    return sum / (1 - left)
  })
}

/** The largest so far at each place; gaps repeat what was. */
export function bestSoFar(values: readonly (number | null)[]): (number | null)[] {
  let best: number | null = null
  return values.map(v => (v !== null && Number.isFinite(v) && (best === null || v > best) ? (best = v) : best))
}

/** At most `most` points for a spark line: each part shown by its mean. */
export function thin(values: readonly number[], most: number): number[] {
  if (values.length <= most) return [...values]
  return Array.from({ length: most }, (_, i) => mean(values.slice(Math.floor((i * values.length) / most), Math.floor(((i + 1) * values.length) / most))))
}

/**
 * Places beside an axis for dots of nearly equal value, so that none hides another: -1 to 1 about the middle, smallest steps first.
 * values in pixels along the axis.
 */
export function swarm(values: readonly number[], diameter: number, widest = 1): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b])
  const placed: { value: number; lane: number }[] = []
  const lanes = new Array<number>(values.length).fill(0)
  let most = 0
  for (const i of order) {
    const near = placed.filter(one => Math.abs(one.value - values[i]) < diameter)
    let lane = 0
    for (let k = 0; near.some(one => one.lane === lane); k++) lane = k % 2 ? -(k + 1) / 2 : k / 2 + 1
    placed.push({ value: values[i], lane })
    lanes[i] = lane
    most = Math.max(most, Math.abs(lane))
  }
  return lanes.map(lane => (most > 0 ? (lane / Math.max(most, 3)) * widest : 0))
}

/**
 * Values into bins whose ends people can read: one bin per value where there are few different ones, else bins of 1, 2 or 5 times a power
 * of ten. The last bin holds its upper end; a bin of one value holds that alone.
 */
export function roundBins(values: readonly number[], most = 8): { low: number; high: number; closed: boolean; count: number }[] {
  const all = finite(values), different = [...new Set(all)].sort(ascending)
  if (different.length <= Math.min(most, 4)) return different.map(v => ({ low: v, high: v, closed: true, count: all.filter(one => one === v).length }))
  const low = different[0], high = different[different.length - 1], raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map(v => v * power).find(v => v >= raw * (1 - 1e-9))!
  const first = Math.floor(low / step + 1e-9), bins = Math.max(Math.ceil(high / step - 1e-9) - first, 1)
  const end = (i: number) => Number(((first + i) * step).toPrecision(12))
  const result = Array.from({ length: bins }, (_, i) => ({ low: end(i), high: end(i + 1), closed: i + 1 === bins, count: 0 }))
  for (const v of all) result.find((bin, i) => v < bin.high || i + 1 === bins)!.count++
  return result
}
