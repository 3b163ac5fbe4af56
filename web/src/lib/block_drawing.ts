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

/** What boxes and arrows cover, with a small border; a label takes about 6 points a letter. */
export function drawnArea({ boxes, arrows }: { boxes: { x: number; y: number; width: number; height: number }[]; arrows: { points: [number, number][]; label: string; label_x: number; label_centred: boolean }[] }) {
  const labels = arrows.filter(one => one.label).map((one): [number, number] => [one.label_x - (one.label_centred ? 3 * one.label.length : 0), one.label_x + (one.label_centred ? 3 : 6) * one.label.length])
  const xs = [...boxes.flatMap(one => [one.x, one.x + one.width]), ...arrows.flatMap(one => one.points.map(([x]) => x)), ...labels.flat()]
  const ys = [...boxes.flatMap(one => [one.y, one.y + one.height]), ...arrows.flatMap(one => one.points.map(([, y]) => y))]
  if (!xs.length) return { x: 0, y: 0, width: 1, height: 1 }
  const [x, y] = [Math.min(...xs) - 6, Math.min(...ys) - 6]
  return { x, y, width: Math.max(...xs) + 6 - x, height: Math.max(...ys) + 6 - y }
}
