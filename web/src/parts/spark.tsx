/** A line without axes: only its course. */
export function Spark({ values, width = 100, height = 18 }: { values: number[]; width?: number; height?: number }) {
  const low = Math.min(...values), high = Math.max(...values)
  const x = (i: number) => (values.length > 1 ? (i / (values.length - 1)) * (width - 4) + 2 : width / 2)
  const y = (v: number) => (high > low ? height - 2 - ((v - low) / (high - low)) * (height - 4) : height / 2)
  const points = values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(' ')
  return (
    <svg width={width} height={height} aria-hidden="true">
      <polyline points={points} fill="none" stroke="var(--accent)" stroke-width="1.2" />
      <circle cx={x(values.length - 1)} cy={y(values[values.length - 1])} r="1.8" fill="var(--accent)" />
    </svg>
  )
}
