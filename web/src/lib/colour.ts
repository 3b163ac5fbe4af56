// Okabe and Ito's colours (jfly.uni-koeln.de/color), which people with any colour vision can tell apart; a channel or label
// keeps its colour in every chart and overlay because it is chosen by its place in the dataset's own list.
export const okabeIto = ['#0072B2', '#E69F00', '#009E73', '#D55E00', '#56B4E9', '#CC79A7', '#F0E442', '#999999'] as const
export type Rgb = [number, number, number]

export function categorical(name: string, all: readonly string[]): string {
  const index = all.indexOf(name)
  return okabeIto[(index < 0 ? hash(name) : index) % okabeIto.length]
}
export const colourAt = (index: number): string => okabeIto[((index % okabeIto.length) + okabeIto.length) % okabeIto.length]

const hash = (text: string): number => {
  let h = 2166136261
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  return h >>> 0
}

export const stateColour: Record<string, string> = {
  complete: '#009E73',
  running: '#56B4E9',
  failed: '#D55E00',
  lost: '#D55E00',
  preempted: '#E69F00',
  pruned: '#CC79A7',
  cancelled: '#777777',
  waiting: '#999999',
}

export function rgb(hex: string): Rgb {
  const n = parseInt(hex.slice(1), 16)
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255]
}
export const hexOf = ([r, g, b]: Rgb): string => '#' + [r, g, b].map(v => Math.round(v).toString(16).padStart(2, '0')).join('')

export function mix(a: string, b: string, share: number): string {
  const from = rgb(a), to = rgb(b)
  return hexOf(from.map((v, i) => v + (to[i] - v) * share) as Rgb)
}

export function along(stops: readonly string[], share: number): string {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1)
  const index = Math.min(Math.floor(at), stops.length - 2)
  return mix(stops[index], stops[index + 1], at - index)
}

// Six samples of matplotlib's viridis: even in lightness, so that a print in grey keeps the order.
export const viridis = ['#440154', '#414487', '#2A788E', '#22A884', '#7AD151', '#FDE725'] as const
export const sequential = (share: number): string => along(viridis, share)

/** Below zero vermillion, above zero blue; `middle` is what no difference looks like: the paper of the theme. */
export const diverging = (v: number, most: number, middle: string): string =>
  most > 0 ? mix(middle, v < 0 ? '#D55E00' : '#0072B2', Math.min(Math.abs(v) / most, 1) ** 0.8) : middle

/** Ink that can be read on this colour (relative luminance, WCAG 2). */
export function inkOn(hex: string): string {
  const [r, g, b] = rgb(hex).map(v => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.26 ? '#111111' : '#ffffff'
}
