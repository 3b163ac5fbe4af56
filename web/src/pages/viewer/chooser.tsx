// Which dataset or file is looked at.
import { api } from '../../api/client.ts'
import { datasetsChanged, rootName } from '../../api/live.ts'
import { useResource } from '../../api/resource.ts'
import { Empty, Loaded } from '../../parts/states.tsx'
import { go, queryText } from '../../router.ts'
import { viewerHref } from './address.ts'

/** volumes: there is no dataset, so all files are listed instead. */
export function Chooser({ volumes }: { volumes: boolean }) {
  const datasets = useResource(volumes ? null : `datasets ${datasetsChanged.value}`, api.datasets, 'datasets')
  const files = useResource('volumes', api.volumes)
  if (volumes) return (
    <Loaded of={files}>{({ volumes: all }) => (all.length
      ? <div class="pad stack"><h1>Volumes</h1>{all.map(one => <a key={one.id} href={viewerHref({ volume: one.id })}>{rootName(one.root)}/{one.file} <span class="quiet">{one.kind}</span></a>)}</div>
      : <Empty title="No dataset and no volume lies below the served folders." command="tomograd serve FOLDER_WITH_SCANS">Start the server where the scans are:</Empty>)}</Loaded>
  )
  const all = datasets.data?.datasets ?? [], single = files.data?.volumes ?? []
  const now = queryText('volume') ? `v ${queryText('volume')}` : `d ${queryText('dataset') || all[0]?.id || ''}`
  const choose = (value: string) => (value.startsWith('v ') ? go(['viewer'], { volume: value.slice(2) }) : go(['viewer'], { dataset: value.slice(2), case: 0 }))
  return (
    <select aria-label="Dataset or file" value={now} onChange={event => choose(event.currentTarget.value)}>
      {all.length > 0 && <optgroup label="Datasets">{all.map(one => <option key={one.id} value={`d ${one.id}`}>{one.name}</option>)}</optgroup>}
      {single.length > 0 && <optgroup label="Files">{single.slice(0, 500).map(one => <option key={one.id} value={`v ${one.id}`}>{one.file}</option>)}</optgroup>}
    </select>
  )
}
