// Data: which scans there are, what is missing or does not fit, and who would train, validate and test.
import { api } from '../api/client.ts'
import { datasetsChanged, rootName } from '../api/live.ts'
import { useResource } from '../api/resource.ts'
import type { DatasetSummary } from '../api/types.ts'
import { plural } from '../lib/format.ts'
import { Empty, Failure, Loaded } from '../parts/states.tsx'
import { href, queryText, route, setQuery } from '../router.ts'
import { CaseMatrix } from './data/matrix.tsx'
import { DatasetFacts } from './data/facts.tsx'
import { SamplingPanel } from './data/sampling.tsx'
import { Spreads } from './data/spread.tsx'
import { SubsetPanel } from './data/subset.tsx'

export function Data() {
  const list = useResource(`datasets ${datasetsChanged.value}`, api.datasets, 'datasets')
  return <Loaded of={list}>{({ datasets }) => (datasets.length ? <Chosen all={datasets} /> : <Empty title="No dataset lies below the served folders." command="tomograd import SCANS --out dataset.json">A dataset lists scans by patient and modality. Make one from folders, BIDS, nnU-Net, Decathlon or DICOM:</Empty>)}</Loaded>
}

function Chosen({ all }: { all: DatasetSummary[] }) {
  const id = route.value.path[1] ?? all[0].id
  const one = all.find(dataset => dataset.id === id)
  if (!one) return <Empty title="This dataset is not there any more."><a href={href(['data'])}>All datasets</a></Empty>
  return (
    <>
      <div class="bar">
        <h1>Data</h1>
        {all.map(dataset => <a key={dataset.id} href={href(['data', dataset.id])}><button type="button" tabIndex={-1} aria-pressed={dataset.id === id} title={`${rootName(dataset.root)}/${dataset.file}`}>{dataset.name}</button></a>)}
        <span class="quiet">{plural(one.cases, 'case')} of {plural(one.patients, 'patient')} · {one.modalities.join(' ')}</span>
      </div>
      {one.error ? <Failure error={new Error(one.error)} /> : <DatasetView key={one.id} one={one} />}
    </>
  )
}

function DatasetView({ one }: { one: DatasetSummary }) {
  const grids = queryText('grids') === '1'
  const resource = useResource(`dataset ${one.id} ${grids} ${datasetsChanged.value}`, () => api.dataset(one.id, grids), one.id)
  return (
    <Loaded of={resource}>{dataset => (
      <>
        <div class="bar">
          <input type="search" placeholder="Filter: patient, missing:T1w, size_z>=24 …" aria-label="Filter cases" size={40} value={queryText('filter')} onInput={event => setQuery({ filter: event.currentTarget.value })} />
          {!grids && <button type="button" onClick={() => setQuery({ grids: 1 })} title="Reads the header of every file and marks those on another grid than their case">Check all grids</button>}
          {resource.loading && <span class="quiet">Reading …</span>}
        </div>
        <div class="columns data">
          <section><CaseMatrix dataset={dataset} filter={queryText('filter')} /></section>
          <section class="stack"><DatasetFacts dataset={dataset} /><Spreads dataset={dataset} /><SubsetPanel dataset={dataset} /><SamplingPanel key={dataset.id} dataset={dataset} /></section>
        </div>
      </>
    )}</Loaded>
  )
}
