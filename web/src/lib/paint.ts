// From raw values of a tile to colours. Values come as 16-bit numbers between the layer's lowest and highest; windows are in the same
// numbers, so that a window drag needs no new tile.
import { along, rgb, viridis, type Rgb } from './colour.ts'

export const colourMaps = {
  grey: ['#000000', '#ffffff'],
  viridis: [...viridis],
  heat: ['#000000', '#7a0403', '#d55e00', '#f0e442', '#ffffff'],
  ice: ['#000000', '#00345c', '#0072b2', '#56b4e9', '#ffffff'],
} as const
export type ColourMap = keyof typeof colourMaps

const tables = new Map<ColourMap, Rgb[]>()
export function lookup(map: ColourMap): Rgb[] {
  let table = tables.get(map)
  if (!table) tables.set(map, (table = Array.from({ length: 256 }, (_, i) => rgb(along(colourMaps[map], i / 255)))))
  return table
}

/** below: values at or under the window's low end are see-through (overlays) instead of black. */
export function paintImage(raw: Uint16Array, low: number, high: number, map: ColourMap, below: boolean, into: Uint8ClampedArray): void {
  const table = lookup(map)
  const factor = 255 / Math.max(high - low, 1)
  for (let i = 0; i < raw.length; i++) {
    const v = (raw[i] - low) * factor
    const [r, g, b] = table[v <= 0 ? 0 : v >= 254.5 ? 255 : (v + 0.5) | 0]
    into[4 * i] = r
    into[4 * i + 1] = g
    into[4 * i + 2] = b
    into[4 * i + 3] = below && v <= 0 ? 0 : 255
  }
}

export type Classes = ReadonlyMap<number, Rgb>             // label value -> colour; absent = not shown

/** outline: only voxels with a neighbour of another class, so that the image inside can be seen. */
export function paintLabels(raw: Uint16Array, width: number, classes: Classes, outline: boolean, into: Uint8ClampedArray): void {
  const height = raw.length / width
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const colour = raw[i] ? classes.get(raw[i]) : undefined
      const inside = outline && colour && x > 0 && x + 1 < width && y > 0 && y + 1 < height && raw[i - 1] === raw[i] && raw[i + 1] === raw[i] && raw[i - width] === raw[i] && raw[i + width] === raw[i]
      if (colour && !inside) {
        into[4 * i] = colour[0]
        into[4 * i + 1] = colour[1]
        into[4 * i + 2] = colour[2]
        into[4 * i + 3] = 255
      } else into[4 * i + 3] = 0
    }
}

export const falsePositive: Rgb = [213, 94, 0], falseNegative: Rgb = [86, 180, 233], otherClass: Rgb = [240, 228, 66]

/** What a prediction adds (vermillion), misses (sky) or calls by another name (yellow). joined: it has one class for all labels. */
export function paintDifference(prediction: Uint16Array, truth: Uint16Array, into: Uint8ClampedArray, joined = false): void {
  for (let i = 0; i < prediction.length; i++) {
    const p = prediction[i], t = truth[i]
    if (p === t || (joined && p && t)) {
      into[4 * i + 3] = 0
      continue
    }
    const [r, g, b] = t === 0 ? falsePositive : p === 0 ? falseNegative : otherClass
    into[4 * i] = r
    into[4 * i + 1] = g
    into[4 * i + 2] = b
    into[4 * i + 3] = 255
  }
}
