// From values to pixels, and the round numbers that axes show.
export interface Scale {
  (value: number): number
  ticks: number[]
  text(value: number): string
  invert(pixel: number): number
}

/** At most about `most` multiples of 1, 2 or 5 times a power of ten between low and high. */
export function ticks(low: number, high: number, most = 6): number[] {
  if (!(high > low)) return Number.isFinite(low) ? [low] : []
  const raw = (high - low) / most
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map(v => v * power).find(v => v >= raw * 0.999) ?? 10 * power
  const result: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) result.push(Number((i * step).toPrecision(12)))
  return result
}

export function tickText(values: readonly number[]): (v: number) => string {
  const step = values.length > 1 ? Math.abs(values[1] - values[0]) : Math.abs(values[0] ?? 1)
  const decimals = Math.min(Math.max(0, -Math.floor(Math.log10(step || 1) + 1e-9)), 8)
  return v => {
    if (Math.abs(v) >= 1e6 || (v !== 0 && Math.abs(v) < 1e-4)) return v.toExponential(0).replace('e+', 'e').replace('-', '−')
    const text = v.toFixed(decimals)
    return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−')
  }
}

export function linear(domain: [number, number], range: [number, number], most = 6): Scale {
  const [low, high] = domain[1] > domain[0] ? domain : [domain[0] - 0.5, domain[0] + 0.5]
  const scale = ((v: number) => range[0] + ((v - low) / (high - low)) * (range[1] - range[0])) as Scale
  scale.ticks = ticks(low, high, most)
  scale.text = tickText(scale.ticks)
  scale.invert = pixel => low + ((pixel - range[0]) / (range[1] - range[0])) * (high - low)
  return scale
}

export function log(domain: [number, number], range: [number, number]): Scale {
  const low = Math.log10(domain[0]), high = Math.log10(domain[1] > domain[0] ? domain[1] : domain[0] * 10)
  const scale = ((v: number) => range[0] + ((Math.log10(v) - low) / (high - low)) * (range[1] - range[0])) as Scale
  scale.ticks = []
  for (let power = Math.ceil(low - 1e-9); power <= high + 1e-9; power++) scale.ticks.push(10 ** power)
  scale.text = v => (v >= 0.01 && v < 1e4 ? String(Number(v.toPrecision(6))) : v.toExponential(0).replace('e+', 'e').replace('-', '−'))
  scale.invert = pixel => 10 ** (low + ((pixel - range[0]) / (range[1] - range[0])) * (high - low))
  return scale
}

/** A domain that leaves some air around the values. */
export function padded(low: number, high: number, share = 0.06): [number, number] {
  if (!(high >= low)) return [0, 1]
  const air = (high - low || Math.abs(high) || 1) * share
  return [low - air, high + air]
}
