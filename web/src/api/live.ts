// What the server tells by itself: one stream for the whole page. Views read these signals; a stream that breaks is opened again by
// the browser, and then everything is sent once more.
import { signal } from '@preact/signals'
import { api } from './client.ts'
import type { Experiment, Job, ServerFacts } from './types.ts'

export const server = signal<ServerFacts | null>(null)
export const experiments = signal<Experiment[] | null>(null)
export const experimentsError = signal<unknown>(null)
export const jobs = signal<Job[]>([])
export const datasetsChanged = signal(0)
export const connected = signal(true)

const newestFirst = (a: Experiment, b: Experiment): number => (b.created_unix_milliseconds ?? 0) - (a.created_unix_milliseconds ?? 0)

// Many experiments change at once when the stream begins: they are shown together, once a frame.
let incoming: Experiment[] = []
function take(one: Experiment): void {
  if (!incoming.length) requestAnimationFrame(flush)
  incoming.push(one)
}
function flush(): void {
  const all = new Map((experiments.value ?? []).map(one => [one.id, one]))
  for (const one of incoming) all.set(one.id, one)
  incoming = []
  experiments.value = [...all.values()].sort(newestFirst)
}

export async function readExperiments(): Promise<void> {
  try {
    experiments.value = (await api.experiments()).experiments
    experimentsError.value = null
  } catch (error) {
    experimentsError.value = error
  }
}

export async function startLive(): Promise<void> {
  const facts = api.server().then(value => (server.value = value), error => (experimentsError.value = error))
  await Promise.all([facts, readExperiments()])
  void api.jobs().then(answer => (jobs.value = answer.jobs), () => undefined)
  const stream = new EventSource('api/events')
  const on = <D>(name: string, run: (data: D) => void) => stream.addEventListener(name, event => run(JSON.parse((event as MessageEvent<string>).data) as D))
  stream.onopen = () => {
    if (!connected.value) void readExperiments()
    connected.value = true
  }
  stream.onerror = () => (connected.value = false)
  on<Experiment>('experiment', take)
  on<{ id: string }>('experiment_gone', gone => (experiments.value = (experiments.value ?? []).filter(one => one.id !== gone.id)))
  on<Job>('job', job => (jobs.value = [job, ...jobs.value.filter(one => one.job !== job.job)].sort((a, b) => b.job - a.job)))
  on('datasets', () => datasetsChanged.value++)
}

export const rootName = (root: number): string => server.value?.roots.find(one => one.root === root)?.name ?? ''
