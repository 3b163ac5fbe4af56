// Colours and arrow heads of block diagrams.
import { okabeIto } from './colour.ts'

const [blue, orange, green, vermillion, sky, purple] = okabeIto

/** What a block does to the data decides the colour of its edge. */
export function blockColour(box: { text: string[]; head: boolean }): string {
  const does = box.text.find(line => /conv|pool|sample|crop|concat|add|dense/i.test(line)) ?? ''
  if (box.head) return vermillion
  if (/transposed|up-sample/i.test(does)) return green
  if (/pool|sub-sample|down-sampl/i.test(does)) return orange
  if (/crop/i.test(does)) return sky
  if (/concat|^add/i.test(does)) return purple
  return /conv|dense/i.test(does) ? blue : '#888888'
}

/** A small triangle at the end of an arrow, along its last piece. */
export function head(points: readonly [number, number][], length = 7): string {
  if (points.length < 2) return ''
  const [x, y] = points[points.length - 1]
  const before = [...points].reverse().find(([a, b]) => a !== x || b !== y)
  if (!before) return ''
  const reach = Math.hypot(x - before[0], y - before[1])
  const [ux, uy] = [(x - before[0]) / reach, (y - before[1]) / reach]
  const corner = (side: number) => `${(x - ux * length + side * uy * length * 0.5).toFixed(2)} ${(y - uy * length - side * ux * length * 0.5).toFixed(2)}`
  return `M${x} ${y}L${corner(1)}L${corner(-1)}Z`
}
