// The layers of the case: eye, opacity, colour map and window of images; eye and colour of every class of labels.
import { hexOf, rgb } from '../../lib/colour.ts'
import { colourMaps, type ColourMap } from '../../lib/paint.ts'
import { short } from '../../lib/format.ts'
import { classesOf, isJoined, isLabels, sameGrid, type LabelClass, type Layer, type Look, type Shown } from './layers.ts'
import { changeLook, looks } from './state.ts'

const groups: { title: string; kinds: Layer['kind'][] }[] = [
  { title: 'Modalities', kinds: ['image'] },
  { title: 'Truth', kinds: ['truth', 'roi'] },
  { title: 'Predictions', kinds: ['prediction'] },
  { title: 'Differences', kinds: ['difference'] },
]

export function LayersPanel({ shown }: { shown: Shown }) {
  return (
    <div class="stack">
      {groups.map(group => {
        const layers = shown.layers.filter(layer => group.kinds.includes(layer.kind))
        if (!layers.length) return null
        return (
          <section key={group.title}>
            <h3>{group.title}</h3>
            {layers.map(layer => <OneLayer key={layer.id} layer={layer} first={shown.layers[0]} classes={classesOf(layer, shown)} siblings={layers} />)}
          </section>
        )
      })}
      {shown.problems.map(text => <p key={text} class="bad small">{text}</p>)}
    </div>
  )
}

function OneLayer({ layer, first, classes, siblings }: { layer: Layer; first: Layer; classes: LabelClass[]; siblings: Layer[] }) {
  const look = looks.value.get(layer.id)
  if (!look) return null
  const fits = sameGrid(layer.volume, first.volume)
  const eye = (on: boolean, alone: boolean) => {
    if (alone) for (const other of siblings) changeLook(other.id, { shown: other.id === layer.id })
    else changeLook(layer.id, { shown: on })
  }
  return (
    <div class="layer">
      <label class="row" title={fits ? 'Shift-click: this one alone' : 'Another grid than the first layer: its planes may not fit'}>
        <input type="checkbox" checked={look.shown} onClick={event => eye(event.currentTarget.checked, event.shiftKey)} />
        <span class="grow cut">{layer.name}</span>
        {!fits && <span class="bad small">other grid</span>}
      </label>
      {look.shown && (
        <>
          {layer.id !== first.id && <label class="row small">opacity <input type="range" min="0" max="1" step="0.05" value={look.opacity} aria-label={`Opacity of ${layer.name}`} onInput={event => changeLook(layer.id, { opacity: event.currentTarget.valueAsNumber })} /></label>}
          {layer.kind === 'image' && <Window layer={layer} look={look} />}
          {isLabels(layer.kind) && layer.kind !== 'difference' && <Classes layer={layer} look={look} classes={classes} />}
          {layer.kind === 'difference' && <p class="legend small"><Key colour="#d55e00" say="added" /><Key colour="#56b4e9" say="missed" />{!isJoined(layer) && <Key colour="#f0e442" say="other class" />}</p>}
        </>
      )}
    </div>
  )
}

const Key = ({ colour, say }: { colour: string; say: string }) => <span class="badge"><i class="swatch" style={{ background: colour }} />{say}</span>

function Window({ layer, look }: { layer: Layer; look: Look }) {
  const { minimum, maximum, low, high } = layer.range
  const input = (key: 'low' | 'high') => (
    <input size={4} inputMode="decimal" aria-label={`${key === 'low' ? 'Low' : 'High'} end of the window of ${layer.name}`} value={short(look[key]).replaceAll('\u2009', '').replace('−', '-')}
      onChange={event => { const v = Number(event.currentTarget.value); if (Number.isFinite(v)) changeLook(layer.id, { [key]: v }) }} />
  )
  return (
    <div class="window small">
      <select aria-label={`Colour map of ${layer.name}`} value={look.map} onChange={event => changeLook(layer.id, { map: event.currentTarget.value as ColourMap })}>{Object.keys(colourMaps).map(map => <option key={map}>{map}</option>)}</select>
      {input('low')} to {input('high')}
      <button type="button" class="link" title={`1 to 99.5 % of the values; all: ${short(minimum)} to ${short(maximum)}`} onClick={() => changeLook(layer.id, { low: low ?? 0, high: high ?? 1 })}>auto</button>
    </div>
  )
}

function Classes({ layer, look, classes }: { layer: Layer; look: Look; classes: LabelClass[] }) {
  const toggle = (value: number) => {
    const hidden = new Set(look.hidden)
    if (!hidden.delete(value)) hidden.add(value)
    changeLook(layer.id, { hidden })
  }
  return (
    <div class="classes small">
      <label class="row"><input type="checkbox" checked={look.outline} onChange={event => changeLook(layer.id, { outline: event.currentTarget.checked })} /> outline</label>
      {layer.kind !== 'roi' && classes.map(one => (
        <label key={one.value} class="row">
          <input type="checkbox" checked={!look.hidden.has(one.value)} onChange={() => toggle(one.value)} />
          <input type="color" aria-label={`Colour of ${one.name}`} value={hexOf(look.colours.get(one.value) ?? one.colour)} onInput={event => changeLook(layer.id, { colours: new Map(look.colours).set(one.value, rgb(event.currentTarget.value)) })} />
          {one.name}
        </label>
      ))}
    </div>
  )
}
