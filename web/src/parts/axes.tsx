// Axes of SVG charts: hairlines and numbers, the unit in the label.
import type { Scale } from '../lib/scale.ts'

interface AxisProps { scale: Scale; label?: string; from: number; to: number; at: number }

/** Along the bottom; grid lines go from `from` (top) to `to` (bottom) of the plot, numbers stand at `at`. */
export function XAxis({ scale, label, from, to, at }: AxisProps) {
  const places = scale.ticks.map(scale)
  const middle = places.length ? (places[0] + places[places.length - 1]) / 2 : 0
  return (
    <g class="axis">
      {scale.ticks.map((v, i) => (
        <g key={v}>
          <line class="grid" x1={places[i]} x2={places[i]} y1={from} y2={to} />
          <text x={places[i]} y={at + 14} text-anchor="middle">{scale.text(v)}</text>
        </g>
      ))}
      {label && <text class="label" x={middle} y={at + 31} text-anchor="middle">{label}</text>}
    </g>
  )
}

/** Along the left; grid lines from `from` (left) to `to` (right). The first tick stays clear of the label above it. */
export function YAxis({ scale, label, from, to, at }: AxisProps) {
  return (
    <g class="axis">
      {scale.ticks.map(v => (
        <g key={v}>
          <line class="grid" x1={from} x2={to} y1={scale(v)} y2={scale(v)} />
          <text x={at - 6} y={scale(v) + 4} text-anchor="end">{scale.text(v)}</text>
        </g>
      ))}
      {label && <text class="label" x={2} y={Math.min(11, ...scale.ticks.map(v => scale(v) - 9))}>{label}</text>}
    </g>
  )
}
