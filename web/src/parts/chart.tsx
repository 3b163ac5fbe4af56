// What every chart has: a title, one sentence on how to read it, and its export as SVG, PNG and CSV.
import type { ComponentChildren } from 'preact'
import { csv, type Row } from '../lib/csv.ts'
import { fileName, saveBlob, saveText } from '../lib/download.ts'
import { svgPng, svgText } from '../lib/svg_export.ts'
import { paper } from '../theme.ts'
import { useWidth } from './use_width.ts'
import { report } from './notices.tsx'

interface ChartProps {
  title: string
  say?: ComponentChildren
  tools?: ComponentChildren
  table: () => Row[]                            // of the CSV, header first
  height: number
  draw: (width: number, height: number) => ComponentChildren
}

export function Chart({ title, say, tools, table, height, draw }: ChartProps) {
  const [ref, width] = useWidth<HTMLElement>()
  return (
    <figure class="chart" ref={ref}>
      <ChartHead title={title} tools={tools} table={table} drawing={() => ref.current!.querySelector('svg')!} />
      {say && <p class="quiet small">{say}</p>}
      <svg width={width} height={height} role="group" aria-label={title}>{draw(width, height)}</svg>
    </figure>
  )
}

interface HeadProps { title: string; tools?: ComponentChildren; table: () => Row[]; drawing?: () => SVGSVGElement; svg?: () => string; png?: () => Promise<Blob> }

/** svg and png: of charts that are no SVG on the page. */
export function ChartHead({ title, tools, table, drawing, svg, png }: HeadProps) {
  const name = fileName(title)
  const save = (kind: string) => async () => {
    try {
      if (kind === 'csv') saveText(name + '.csv', csv(table()), 'text/csv')
      else if (kind === 'svg') saveText(name + '.svg', svg ? svg() : svgText(drawing!(), paper()), 'image/svg+xml')
      else saveBlob(name + '.png', await (png ? png() : svgPng(drawing!(), paper())))
    } catch (error) {
      report(error)
    }
  }
  return (
    <figcaption class="chart-head">
      <h3>{title}</h3>
      <span class="tools">{tools}</span>
      <span class="exports">
        {(['svg', 'png', 'csv'] as const).map(kind => <button type="button" class="link small" key={kind} onClick={save(kind)} title={`Save “${title}” as ${kind.toUpperCase()}`}>{kind.toUpperCase()}</button>)}
      </span>
    </figcaption>
  )
}
