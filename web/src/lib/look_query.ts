// How layers look and where the planes stand, as a part of the viewer's address: look=truth:truth~opacity=0.3~outline=0, view=2.5,12,48,40. Only
// what differs from the first look of a layer is said.
import { hexOf, rgb, type Rgb } from './colour.ts'
import { colourMaps, type ColourMap } from './paint.ts'

export interface Look {
  shown: boolean
  opacity: number
  map: ColourMap
  low: number                                    // in values
  high: number
  outline: boolean
  hidden: ReadonlySet<number>                    // classes
  colours: ReadonlyMap<number, Rgb>
}

const safe = (name: string): string => encodeURIComponent(name).replaceAll('~', '%7E')
const short = (v: number): string => String(Number(v.toPrecision(6)))

function differences(now: Look, first: Look): string[] {
  const parts: string[] = []
  if (now.opacity !== first.opacity) parts.push(`opacity=${short(now.opacity)}`)
  if (now.map !== first.map) parts.push(`map=${now.map}`)
  if (now.low !== first.low || now.high !== first.high) parts.push(`window=${short(now.low)},${short(now.high)}`)
  if (now.outline !== first.outline) parts.push(`outline=${now.outline ? 1 : 0}`)
  if (now.hidden.size) parts.push(`hidden=${[...now.hidden].sort((a, b) => a - b).join(',')}`)
  const colours = [...now.colours].filter(([value, colour]) => hexOf(colour) !== hexOf(first.colours.get(value) ?? [-1, -1, -1]))
  if (colours.length) parts.push(`colours=${colours.map(([value, colour]) => `${value}:${hexOf(colour).slice(1)}`).join(',')}`)
  return parts
}

/** layers: id, how it looks, how it would look at first. */
export function lookText(layers: readonly { id: string; now: Look; first: Look }[]): string {
  return layers.map(({ id, now, first }) => ({ id, parts: differences(now, first) })).filter(one => one.parts.length).map(one => [safe(one.id), ...one.parts].join('~')).join(';')
}

/** What an address changes of each layer's look; parts that nobody wrote are left out. */
export function looksFrom(text: string): Map<string, Partial<Look>> {
  const result = new Map<string, Partial<Look>>()
  for (const part of text.split(';').filter(Boolean)) {
    const [name, ...fields] = part.split('~')
    const look: { -readonly [K in keyof Look]?: Look[K] } = {}
    for (const field of fields) {
      const [key, value = ''] = field.split('=', 2), numbers = value.split(',').map(Number)
      if (key === 'opacity' && numbers[0] >= 0 && numbers[0] <= 1) look.opacity = numbers[0]
      if (key === 'map' && value in colourMaps) look.map = value as ColourMap
      if (key === 'window' && numbers.length === 2 && numbers.every(Number.isFinite)) [look.low, look.high] = numbers
      if (key === 'outline') look.outline = value === '1'
      if (key === 'hidden') look.hidden = new Set(numbers.filter(v => Number.isInteger(v)))
      if (key === 'colours') look.colours = new Map(value.split(',').map(pair => pair.split(':')).filter(([v, hex]) => /^\d+$/.test(v) && /^[0-9a-f]{6}$/i.test(hex ?? '')).map(([v, hex]) => [Number(v), rgb('#' + hex)]))
    }
    try {
      result.set(decodeURIComponent(name), look)
    } catch {
      // a name that is broken names no layer
    }
  }
  return result
}

export type Place = [number, number, number, number]  // zoom, then the voxel z, y, x in the middle

export const viewText = (zoom: number, centre: readonly number[], middle: readonly number[]): string =>
  zoom === 1 && centre.every((v, i) => v === middle[i]) ? '' : [Number(zoom.toFixed(3)), ...centre.map(v => Number(v.toFixed(1)))].join(',')

export function viewFrom(text: string): Place | null {
  const all = text.split(',').map(Number)
  return text && all.length === 4 && all.every(Number.isFinite) && all[0] > 0 ? (all as Place) : null
}
