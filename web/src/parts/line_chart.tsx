// Curves on a canvas (uPlot): drag zooms along x, a double click shows all again, the nearest curve says its value.
import { useEffect, useMemo, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Row } from '../lib/csv.ts'
import { short } from '../lib/format.ts'
import { lineSvg, type Line } from '../lib/line_svg.ts'
import { ink, lineColour, paper, theme } from '../theme.ts'
import { ChartHead } from './chart.tsx'
import { hideTip, showTip } from './tip.tsx'
import { useWidth } from './use_width.ts'

export interface Mark { x: number; say: string; colour: string }
interface Props {
  title: string
  lines: Line[]
  xLabel: string
  yLabel: string
  xText?: (v: number) => string
  logY?: boolean
  height?: number
  marks?: Mark[]
  tools?: preact.ComponentChildren
  onPick?: (line: Line, compare: boolean) => void  // click, shift-click
}

/** Same keys for both ends of a cut: values of different lines at all places where any has one. */
function joined(lines: Line[]): uPlot.AlignedData {
  if (!lines.length) return [[], []]
  return uPlot.join(lines.map(line => [[...line.x], [...line.y]] as uPlot.AlignedData), lines.map(() => [0, 1]))
}

export function LineChart({ title, lines, xLabel, yLabel, xText = short, logY, height = 300, marks = [], tools, onPick }: Props) {
  const [ref, width] = useWidth<HTMLElement>()
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const pick = useRef(onPick)
  pick.current = onPick
  const data = useMemo(() => joined(lines), [lines])
  const look = lines.map(line => `${line.label}|${line.colour}|${line.dash}|${line.faint}`).join() + theme() + logY + xLabel + JSON.stringify(marks)

  useEffect(() => {
    let near = 0
    const axis = { stroke: ink(), grid: { stroke: lineColour(), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' }
    const chart = new uPlot(
      {
        width, height,
        legend: { show: false },
        cursor: { focus: { prox: 24 }, points: { size: 6 }, drag: { x: true, y: false } },
        focus: { alpha: 0.25 },
        scales: { x: { time: false }, y: logY ? { distr: 3 } : {} },
        axes: [
          { ...axis, label: xLabel, labelSize: 20, size: 34, values: (_, values) => values.map(v => xText(v)) },
          { ...axis, label: yLabel, labelSize: 20, size: 56, values: (_, values) => values.map(v => (v === null ? '' : short(v))) },
        ],
        series: [{}, ...lines.map(line => ({ label: line.label, stroke: line.colour + (line.faint ? '55' : ''), width: line.faint ? 1 : 1.6, dash: line.dash ? [5, 4] : undefined, spanGaps: true, points: { show: line.x.length < 40 && !line.faint, size: 4 } }))],
        hooks: {
          setSeries: [(_, index) => void (near = index ?? 0)],
          setCursor: [u => {
            const index = u.cursor.idxs?.[near]
            const line = lines[near - 1]
            if (!line || index === null || index === undefined || u.cursor.left! < 0) return hideTip()
            const box = u.over.getBoundingClientRect()
            showTip({ clientX: box.left + u.cursor.left!, clientY: box.top + u.cursor.top! } as MouseEvent, [line.label, `${xLabel} ${xText(u.data[0][index])}`, `${yLabel} ${short(u.data[near][index])}`, ...marks.filter(mark => Math.abs(u.valToPos(mark.x, 'x') - u.cursor.left!) < 4).map(mark => mark.say)])
          }],
          draw: [u => drawMarks(u, marks)],
        },
      },
      data, host.current!,
    )
    const click = (event: MouseEvent) => lines[near - 1] && pick.current?.(lines[near - 1], event.shiftKey)
    chart.over.addEventListener('click', click)
    chart.over.addEventListener('mouseleave', hideTip)
    plot.current = chart
    return () => {
      chart.destroy()
      hideTip()
    }
  }, [look, height])
  useEffect(() => plot.current?.setData(data), [data])
  useEffect(() => plot.current?.setSize({ width, height }), [width, height])

  const table = (): Row[] => [['curve', xLabel, yLabel], ...lines.flatMap(line => line.x.map((x, i): Row => [line.label, x, line.y[i]]))]
  const svg = () => lineSvg(lines, { title, xLabel, yLabel, ink: ink(), paper: paper(), grid: lineColour(), logY })
  return (
    <figure class="chart" ref={ref}>
      <ChartHead title={title} tools={tools} table={table} svg={svg} png={() => canvasPng(plot.current!.ctx.canvas)} />
      <div ref={host} class="plot" role="img" aria-label={title} />
    </figure>
  )
}

function drawMarks(u: uPlot, marks: Mark[]): void {
  const { ctx, bbox } = u
  ctx.save()
  for (const mark of marks) {
    const x = Math.round(u.valToPos(mark.x, 'x', true)) + 0.5
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = mark.colour
    ctx.setLineDash([3, 3])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}

function canvasPng(canvas: HTMLCanvasElement): Promise<Blob> {
  const copy = document.createElement('canvas')
  copy.width = canvas.width
  copy.height = canvas.height
  const context = copy.getContext('2d')!
  context.fillStyle = paper()
  context.fillRect(0, 0, copy.width, copy.height)
  context.drawImage(canvas, 0, 0)
  return new Promise((resolve, reject) => copy.toBlob(blob => (blob ? resolve(blob) : reject(new Error('The browser could not write this picture as PNG; try SVG.')))))
}
