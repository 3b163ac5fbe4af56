// Curves as an SVG file: the same lines that uPlot draws on its canvas, for papers.
import { linear, log, padded, type Scale } from './scale.ts'
import { extent } from './statistics.ts'

export interface Line { label: string; colour: string; x: readonly number[]; y: readonly (number | null)[]; dash?: boolean; faint?: boolean }
export interface LineStyle { title: string; xLabel: string; yLabel: string; ink: string; paper: string; grid: string; logY?: boolean }

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

export function lineDomain(lines: readonly Line[], logY = false): { x: [number, number]; y: [number, number] } {
  const x = extent(lines.flatMap(line => [...line.x]))
  const y = extent(lines.flatMap(line => line.y.filter((v): v is number => v !== null && (!logY || v > 0))))
  return { x: x[1] >= x[0] ? x : [0, 1], y: logY ? (y[1] >= y[0] ? y : [0.1, 1]) : padded(y[0], y[1]) }
}

export function lineSvg(lines: readonly Line[], style: LineStyle, width = 800, height = 420): string {
  const left = 64, right = width - 170, top = 34, bottom = height - 46
  const domain = lineDomain(lines, style.logY)
  const x: Scale = linear(domain.x, [left, right])
  const y: Scale = style.logY ? log(domain.y, [bottom, top]) : linear(domain.y, [bottom, top])
  const text = (at: [number, number], words: string, anchor = 'start', weight = 400) => `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}" font-weight="${weight}" fill="${style.ink}">${escape(words)}</text>`
  const rule = (x1: number, y1: number, x2: number, y2: number) => `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" stroke="${style.grid}" fill="none"/>`
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="${style.paper}"/>`,
    text([left, 18], style.title, 'start', 600),
    ...x.ticks.flatMap(v => [rule(x(v), top, x(v), bottom), text([x(v), bottom + 16], x.text(v), 'middle')]),
    ...y.ticks.flatMap(v => [rule(left, y(v), right, y(v)), text([left - 6, y(v) + 4], y.text(v), 'end')]),
    text([(left + right) / 2, height - 10], style.xLabel, 'middle'),
    text([4, top - 4], style.yLabel),
  ]
  lines.forEach((line, i) => {
    parts.push(`<path d="${linePath(line, x, y, style.logY)}" fill="none" stroke="${line.colour}" stroke-width="${line.faint ? 1 : 1.6}"${line.dash ? ' stroke-dasharray="5 4"' : ''}${line.faint ? ' opacity="0.35"' : ''}/>`)
    if (!line.faint) parts.push(`<path d="M${right + 12} ${top + 10 + i * 17}h16" stroke="${line.colour}" stroke-width="2"/>`, text([right + 34, top + 14 + i * 17], line.label))
  })
  return parts.join('') + '</svg>'
}

/** Gaps in the values are gaps in the line. */
export function linePath(line: Pick<Line, 'x' | 'y'>, x: Scale, y: Scale, logY = false): string {
  let path = '', pen = false
  line.y.forEach((v, i) => {
    if (v === null || !Number.isFinite(v) || (logY && v <= 0)) return void (pen = false)
    path += `${pen ? 'L' : 'M'}${x(line.x[i]).toFixed(1)} ${y(v).toFixed(1)}`
    pen = true
  })
  return path
}
