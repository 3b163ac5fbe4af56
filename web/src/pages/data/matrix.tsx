// Cases × modalities: what is there, what is missing, what lies on another grid; the middle slice on hover, the viewer on a click.
import { signal } from '@preact/signals'
import { address } from '../../api/client.ts'
import type { CaseFile, CaseRow, Dataset, ImageCell } from '../../api/types.ts'
import { caseMatcher } from '../../lib/case_filter.ts'
import { fixed, none, size } from '../../lib/format.ts'
import { Empty } from '../../parts/states.tsx'
import { setQuery } from '../../router.ts'
import { viewerHref } from '../viewer/address.ts'

const signs: Record<ImageCell['state'], { sign: string; colour: string; say: string }> = {
  present: { sign: '●', colour: 'var(--good)', say: 'there' },
  missing: { sign: '–', colour: 'var(--quiet)', say: 'missing' },
  differs: { sign: '◆', colour: '#E69F00', say: 'another grid' },
  outside: { sign: '○', colour: 'var(--quiet)', say: 'outside the served folders' },
  unreadable: { sign: '✕', colour: 'var(--bad)', say: 'cannot be read' },
}

interface Preview { x: number; y: number; volume: string; index: number; lines: string[] }
const preview = signal<Preview | null>(null)

export function CaseMatrix({ dataset, filter }: { dataset: Dataset; filter: string }) {
  const rows = dataset.cases.filter(caseMatcher(filter, dataset.modalities))
  if (!rows.length) return <Empty title={`No case fits “${filter}”.`}><button type="button" onClick={() => setQuery({ filter: null })}>Show all cases</button></Empty>
  return (
    <>
      <p class="legend quiet">{Object.values(signs).map(one => <span key={one.say} class="badge"><span style={{ color: one.colour }}>{one.sign}</span>{one.say}</span>)}</p>
      <table class="plain">
        <thead><tr><th>case</th><th>patient</th>{dataset.modalities.map(name => <th key={name}>{name}</th>)}<th>label</th><th>ROI</th><th class="right">size</th><th class="right">spacing, mm</th><th /></tr></thead>
        <tbody>{rows.map(one => (
          <tr key={one.id}>
            <td><a href={viewerHref({ dataset: dataset.id, case: one.index })}>{one.id}</a></td>
            <td>{one.patient}</td>
            {one.images.map((image, i) => <td key={i}><Cell of={image} title={`${one.id} ${dataset.modalities[i]}`} one={one} dataset={dataset} /></td>)}
            <td><Cell of={one.label} title={`${one.id} label`} one={one} dataset={dataset} /></td>
            <td><Cell of={one.roi} title={`${one.id} ROI`} one={one} dataset={dataset} /></td>
            <td class="right">{size(one.shape_zyx)}</td>
            <td class="right" title={size(one.spacing_zyx_mm)}>{one.spacing_zyx_mm ? one.spacing_zyx_mm.map(v => fixed(v, 2)).join(' × ') : none}</td>
            <td class="bad small">{one.warnings.join('; ')}</td>
          </tr>
        ))}</tbody>
      </table>
      <Thumbnail />
    </>
  )
}

function Cell({ of, title, one, dataset }: { of: ImageCell | CaseFile; title: string; one: CaseRow; dataset: Dataset }) {
  const { sign, colour, say } = signs[of.state]
  const show = (event: MouseEvent) => of.volume && (preview.value = { x: event.clientX, y: event.clientY, volume: of.volume, index: Math.floor((one.shape_zyx?.[0] ?? 1) / 2), lines: [title, of.reason ? `${say}: ${of.reason}` : say] })
  const mark = <span style={{ color: colour }}>{sign}</span>
  if (!of.volume) return <span title={`${title}: ${say}${of.reason ? `, ${of.reason}` : ''}`}>{mark}</span>
  return <a href={viewerHref({ dataset: dataset.id, case: one.index })} aria-label={`${title}: ${say}`} onMouseEnter={show} onMouseLeave={() => (preview.value = null)}>{mark}</a>
}

function Thumbnail() {
  const now = preview.value
  if (!now) return null
  return (
    <div class="tip" style={{ left: `${Math.min(now.x + 16, window.innerWidth - 200)}px`, top: `${Math.min(now.y + 12, window.innerHeight - 230)}px` }}>
      <div class="strong">{now.lines[0]}</div>
      <div>{now.lines[1]}</div>
      <img class="thumb" alt="" src={address(`volumes/${now.volume}/plane`, { axis: 'z', index: now.index, as: 'png' })} />
    </div>
  )
}
