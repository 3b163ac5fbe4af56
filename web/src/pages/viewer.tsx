// Viewer: a case with all its modalities, truth and results; or one volume by itself. Keys 1 to 7 choose the mode.
import { useEffect, useState } from 'preact/hooks'
import { api } from '../api/client.ts'
import { useResource } from '../api/resource.ts'
import { useKeys } from '../keyboard.ts'
import { axisIndex, directions, planeOf, type Vec3, type View } from '../lib/geometry.ts'
import { Empty, Loaded } from '../parts/states.tsx'
import { queryNumbers, queryText, setQuery } from '../router.ts'
import { forced } from '../theme.ts'
import { readResults } from './viewer/address.ts'
import { Chooser } from './viewer/chooser.tsx'
import { CaseFacts } from './viewer/facts.tsx'
import { loadCase, loadVolume, type Shown } from './viewer/layers.ts'
import { modes, Stage } from './viewer/modes.tsx'
import { LayersPanel } from './viewer/panel.tsx'
import { Results } from './viewer/results.tsx'
import { begin, centre, changeLook, crossHair, cursor, looks, moveCursor, resetView, saidOf, shownText, zoom, zoomBy } from './viewer/state.ts'

export function Viewer() {
  useEffect(() => {
    forced.value = 'dark'
    return () => {
      forced.value = null
    }
  }, [])
  const dataset = queryText('dataset'), index = Number(queryText('case', '0')), volume = queryText('volume'), results = queryText('result')
  const first = useResource(dataset || volume ? null : 'datasets', api.datasets)
  const id = dataset || (volume ? '' : first.data?.datasets.find(one => !one.error)?.id) || ''
  const key = volume ? `volume ${volume}` : id ? `case ${id} ${index} ${results}` : null
  const resource = useResource(key, () => (volume ? loadVolume(volume) : loadCase(id, index, results)), volume || id)
  if (!key) return first.data ? <Chooser volumes={true} /> : <Loaded of={first}>{() => null}</Loaded>
  return <Loaded of={resource}>{shown => (shown.layers.length ? <Case key={volume || id} shown={shown} id={id} index={index} /> : <Empty title={`Nothing of ${shown.title} can be shown.`}>{shown.problems.join(' ')}</Empty>)}</Loaded>
}

function Case({ shown, id, index }: { shown: Shown; id: string; index: number }) {
  const mode = Number(queryText('mode', '1'))
  const view = (['axial', 'coronal', 'sagittal'] as const).find(one => one === queryText('plane')) ?? 'axial'
  const setView = (next: View) => setQuery({ plane: next === 'axial' ? null : next })
  const [overview, setOverview] = useState(true)
  const [ready, setReady] = useState(false)
  const { volume } = shown.layers[0]
  useEffect(() => {
    begin(shown, { at: queryNumbers('at'), show: queryText('show').split(',').filter(Boolean), look: queryText('look'), view: queryText('view') })
    setReady(true)
  }, [shown])
  // The address follows cross-hair, zoom and layers when they rest.
  useEffect(() => {
    const timer = setTimeout(() => ready && setQuery({ at: cursor.value.join(','), show: shownText(shown) || null, ...saidOf(shown) }), 400)
    return () => clearTimeout(timer)
  }, [cursor.value, looks.value, zoom.value, centre.value, ready])
  const cases = shown.dataset?.cases ?? []
  const step = (by: number) => () => {
    const at = cases.findIndex(one => one.index === index) + by
    if (cases[at]) setQuery({ dataset: id, case: cases[at].index }, false)
  }
  const slice = (by: number) => () => {
    const current: View = mode === 3 ? 'coronal' : mode === 4 ? 'sagittal' : mode === 2 ? 'axial' : view
    const cut = axisIndex[planeOf(current, directions(volume.affine), volume.orientation_known).axis]
    moveCursor(cursor.value.map((v, i) => (i === cut ? v + by : v)) as Vec3, volume.size_zyx)
  }
  const toggleLabels = () => {
    const all = shown.layers.filter(layer => layer.kind === 'truth' || layer.kind === 'prediction')
    const on = all.some(layer => looks.value.get(layer.id)?.shown)
    for (const layer of all) changeLook(layer.id, { shown: !on })
  }
  const nextImage = () => {
    const images = shown.layers.filter(layer => layer.kind === 'image')
    const now = images.findIndex(layer => looks.value.get(layer.id)?.shown)
    images.forEach((layer, i) => changeLook(layer.id, { shown: i === (now + 1) % images.length }))
  }
  useKeys('Viewer', [
    ...modes.map(one => ({ key: one.key, say: one.name, run: () => setQuery({ mode: one.key === '1' ? null : one.key }) })),
    { key: 'ArrowUp', say: 'next slice', run: slice(1) },
    { key: 'ArrowDown', say: 'slice before', run: slice(-1) },
    { key: '+', say: 'larger', run: () => zoomBy(1.25) },
    { key: '-', say: 'smaller', run: () => zoomBy(0.8) },
    { key: '0', say: 'all of it', run: () => resetView(volume.size_zyx) },
    { key: '.', say: 'next case', run: step(1) },
    { key: ',', say: 'case before', run: step(-1) },
    { key: 'l', say: 'labels on or off', run: toggleLabels },
    { key: 'm', say: 'next modality', run: nextImage },
    { key: 'x', say: 'cross-hair on or off', run: () => (crossHair.value = !crossHair.value) },
    { key: 'o', say: '3-D overview on or off', run: () => setOverview(on => !on) },
  ])
  return (
    <div class="viewer">
      <aside class="stack">
        <Chooser volumes={false} />
        {cases.length > 0 && (
          <div class="row">
            <button type="button" onClick={step(-1)} disabled={cases[0].index === index} aria-label="Case before">‹</button>
            <select class="grow" aria-label="Case" value={index} onChange={event => setQuery({ dataset: id, case: event.currentTarget.value }, false)}>{cases.map(one => <option key={one.index} value={one.index}>{one.id}</option>)}</select>
            <button type="button" onClick={step(1)} disabled={cases[cases.length - 1].index === index} aria-label="Next case">›</button>
          </div>
        )}
        <span class="modes" role="group" aria-label="Mode">
          {modes.map(one => <button type="button" key={one.key} class="small" title={`Key ${one.key}`} aria-pressed={String(mode) === one.key} onClick={() => setQuery({ mode: one.key === '1' ? null : one.key })}>{one.key} {one.name}</button>)}
        </span>
        {(mode === 6 || mode === 7) && (
          <span class="segmented" role="group" aria-label="Plane">{(['axial', 'coronal', 'sagittal'] as const).map(one => <button type="button" key={one} aria-pressed={view === one} onClick={() => setView(one)}>{one}</button>)}</span>
        )}
        {ready && <LayersPanel shown={shown} />}
        {shown.one && <Results patient={shown.one.patient} now={readResults(queryText('result'))} />}
        <p class="quiet small">Wheel: slice · drag: pan · ctrl-drag: window · ctrl-wheel: zoom · click: cross-hair · ?: keys</p>
      </aside>
      {ready && <Stage shown={shown} mode={mode} overview={overview} view={view} onFocus={setView} />}
      <aside>{ready && <CaseFacts shown={shown} experiments={readResults(queryText('result'))} />}</aside>
    </div>
  )
}
