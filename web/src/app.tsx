// The frame of the page: head line, the view that the address names, notices.
import { lazy } from './parts/lazy.tsx'
import { useEffect } from 'preact/hooks'
import { connected, server } from './api/live.ts'
import { addKeys, helpShown } from './keyboard.ts'
import { bytes, plural } from './lib/format.ts'
import { Experiments } from './pages/experiments.tsx'
import { ExperimentPage } from './pages/experiment.tsx'
import { HelpDialog } from './parts/help.tsx'
import { Notices } from './parts/notices.tsx'
import { Empty } from './parts/states.tsx'
import { TipBox } from './parts/tip.tsx'
import { go, href, route } from './router.ts'
import { theme, toggleTheme } from './theme.ts'

const NewExperiment = lazy(() => import('./pages/new.tsx').then(m => m.NewExperiment))
const Data = lazy(() => import('./pages/data.tsx').then(m => m.Data))
const Designer = lazy(() => import('./pages/designer.tsx').then(m => m.Designer))
const Viewer = lazy(() => import('./pages/viewer.tsx').then(m => m.Viewer))
const Cluster = lazy(() => import('./pages/cluster.tsx').then(m => m.Cluster))

const views = [
  { path: 'experiments', name: 'Experiments', key: 'e' },
  { path: 'data', name: 'Data', key: 'd' },
  { path: 'designer', name: 'Designer', key: 'm' },
  { path: 'viewer', name: 'Viewer', key: 'v' },
  { path: 'cluster', name: 'Cluster', key: 'c' },
]

export function App() {
  useEffect(
    () =>
      addKeys('Everywhere', [
        ...views.map(view => ({ key: `g ${view.key}`, say: `go to ${view.name}`, run: () => go([view.path]) })),
        { key: 'n', say: 'new experiment', run: () => go(['new']) },
        { key: '?', say: 'these keys', run: () => (helpShown.value = !helpShown.value) },
      ]),
    [],
  )
  const [first = 'experiments'] = route.value.path
  useEffect(() => {
    document.title = first === 'experiments' ? 'Tomograd' : `${first[0].toUpperCase()}${first.slice(1)} · Tomograd`
  }, [first])
  return (
    <>
      <header class="top">
        <a class="brand" href={href([])}>Tomograd</a>
        <nav aria-label="Views">
          {views.map(view => <a key={view.path} href={href([view.path])} aria-current={first === view.path || (first === 'new' && view.path === 'experiments') ? 'page' : undefined}>{view.name}</a>)}
        </nav>
        <Machine />
        <button type="button" class="link" onClick={toggleTheme} title={theme() === 'dark' ? 'Light' : 'Dark'} aria-label="Light or dark">◐</button>
        <button type="button" class="link" onClick={() => (helpShown.value = true)} title="Keys" aria-label="Keys">?</button>
      </header>
      <main class="view">{view(first)}</main>
      <HelpDialog />
      <Notices />
      <TipBox />
    </>
  )
}

function view(first: string) {
  const path = route.value.path
  if (first === 'experiments') return path[1] ? <ExperimentPage key={path[1]} id={path[1]} tab={path[2] ?? ''} /> : <Experiments />
  if (first === 'new') return <NewExperiment />
  if (first === 'data') return <Data />
  if (first === 'designer') return <Designer />
  if (first === 'viewer') return <Viewer />
  if (first === 'cluster') return <Cluster />
  return <Empty title={`There is no view “${path.join('/')}”.`}><a href={href([])}>Experiments</a></Empty>
}

function Machine() {
  const facts = server.value
  if (!facts) return null
  return (
    <span class="machine quiet small">
      {!connected.value && <span class="bad">no connection · </span>}
      {facts.read_only && 'read only · '}
      local · {plural(facts.cores, 'core')} · {facts.gpus ? plural(facts.gpus, 'GPU') : 'no GPU'} · {bytes(facts.memory_bytes)}
    </span>
  )
}
