// The block diagram from the module graph, as the server has laid it out. Click a block for its facts.
import { useState } from 'preact/hooks'
import type { Diagram, DiagramBox } from '../../api/types.ts'
import { blockColour, drawnArea, head } from '../../lib/block_drawing.ts'
import { count, grouped, size } from '../../lib/format.ts'
import { ChartHead } from '../../parts/chart.tsx'
import { tip } from '../../parts/tip.tsx'
import { useWidth } from '../../parts/use_width.ts'

interface Props { title: string; diagram: Diagram; selected: string; onSelect: (node: string) => void }

export function DiagramView({ title, diagram, selected, onSelect }: Props) {
  const [ref, width] = useWidth<HTMLElement>()
  const [zoom, setZoom] = useState(0)
  const [whole, setWhole] = useState(false)
  const frame = drawnArea(diagram)
  // Smaller than this nothing can be read: then it scrolls.
  const fit = Math.max(Math.min(width / frame.width, 1), 0.6)
  const scale = (whole ? Math.min(fit, Math.max((window.innerHeight - 190) / frame.height, 0.25)) : fit) * 1.25 ** zoom
  const show = (all: boolean) => () => { setWhole(all); setZoom(0) }
  const box = selected ? (diagram.boxes.find(one => one.node === selected) ?? diagram.boxes.find(one => one.node.startsWith(selected + '.'))) : undefined
  const tools = (
    <span class="row small">
      <button type="button" class="link" onClick={() => setZoom(zoom - 1)} aria-label="Smaller">−</button>
      <button type="button" class="link" aria-pressed={!whole && !zoom} onClick={show(false)} title="As wide as the column">fit</button>
      <button type="button" class="link" aria-pressed={whole && !zoom} onClick={show(true)} title="All of it at once">whole</button>
      <button type="button" class="link" onClick={() => setZoom(zoom + 1)} aria-label="Larger">+</button>
    </span>
  )
  return (
    <figure class="chart" ref={ref}>
      <ChartHead title={title} tools={tools} drawing={() => ref.current!.querySelector('svg')!}
        table={() => [['block', 'does', 'channels', 'size', 'parameters', 'flop', 'receptive field'], ...diagram.boxes.map(one => [one.node, one.text.filter(Boolean).join('; '), one.channels, size(one.size), one.parameters, one.flop, size(one.receptive_field)])]} />
      {box && <BlockFacts box={box} onClose={() => onSelect('')} />}
      <div class="scroll diagram">
        <svg width={frame.width * scale} height={frame.height * scale} viewBox={`${frame.x} ${frame.y} ${frame.width} ${frame.height}`} role="group" aria-label={`Block diagram of ${title}`}>
          {diagram.arrows.map((arrow, i) => (
            <g key={i}>
              <path d={arrow.points.map(([x, y], k) => `${k ? 'L' : 'M'}${x} ${y}`).join('')} fill="none" stroke="var(--quiet)" stroke-width="1.2" />
              <path d={head(arrow.points)} fill="var(--quiet)" stroke="none" />
              {arrow.label && <text x={arrow.label_x} y={arrow.label_y} font-size="10" text-anchor={arrow.label_centred ? 'middle' : 'start'} style={{ fill: 'var(--quiet)' }}>{arrow.label}</text>}
            </g>
          ))}
          {diagram.boxes.map(one => <Block key={one.node} box={one} selected={one === box} onSelect={onSelect} />)}
        </svg>
      </div>
    </figure>
  )
}

function Block({ box, selected, onSelect }: { box: DiagramBox; selected: boolean; onSelect: (node: string) => void }) {
  const lines = box.text.filter(Boolean)
  const strong = box.text[1] || lines[0]
  const step = Math.min(13, (box.height - 4) / Math.max(lines.length, 1))
  const pick = () => onSelect(selected ? '' : box.node)
  return (
    <g class="hit" tabIndex={0} role="button" onClick={pick} onKeyDown={event => event.key === 'Enter' && pick()} {...tip(box.node, ...lines, `${box.channels} × ${size(box.size)}`, `${grouped(box.parameters)} parameters`)}>
      <rect x={box.x} y={box.y} width={box.width} height={box.height} rx="4" fill="var(--panel)" stroke={selected ? 'var(--ink)' : blockColour(box)} stroke-width={selected ? 2.5 : 1.4} />
      {lines.map((line, i) => (
        <text key={i} x={box.x + box.width / 2} y={box.y + box.height / 2 + (i - (lines.length - 1) / 2) * step + 4} text-anchor="middle" font-size={line === strong ? 11 : 10} font-weight={line === strong ? 600 : 400}>{line}</text>
      ))}
    </g>
  )
}

function BlockFacts({ box, onClose }: { box: DiagramBox; onClose: () => void }) {
  return (
    <div class="card stack">
      <div class="row between"><h3>{box.node}</h3><button type="button" class="link" onClick={onClose} aria-label="Close">×</button></div>
      <dl class="facts">
        <dt>does</dt><dd>{box.text.filter(Boolean).join(' · ')}</dd>
        <dt>output</dt><dd>{box.channels} channels of {size(box.size)} voxels</dd>
        <dt>parameters</dt><dd>{grouped(box.parameters)}</dd>
        <dt>receptive field</dt><dd>{size(box.receptive_field)} voxels</dd>
        <dt>cost</dt><dd>{box.flop ? `${count(box.flop)}FLOP per patch` : 'none'}</dd>
      </dl>
    </div>
  )
}
