// The only place that talks to the server. Every failure becomes an ApiError that says what happened to what, and what to do.
import type { Table } from '../lib/dotted.ts'
import type * as T from './types.ts'

export class ApiError extends Error {
  constructor(readonly status: number, readonly kind: string, message: string, readonly hint = '', readonly context: string[] = []) {
    super(message)
    this.name = 'ApiError'
  }
}

type Query = Record<string, string | number | boolean | null | undefined>

export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== '') search.set(key, String(value))
  const text = search.toString()
  return `api/${path}${text ? '?' + text : ''}`
}

async function ask(path: string, query?: Query, init: RequestInit = {}): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(address(path, query), { credentials: 'same-origin', ...init })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'network', 'The server does not answer.', 'Is `tomograd serve` still running? Through a tunnel: is that still open?')
  }
  if (answer.ok) return answer
  const body = (await answer.json().catch(() => null)) as { error?: { kind?: string; message?: string; hint?: string; context?: string[] } } | null
  const said = body?.error
  if (answer.status === 401) throw new ApiError(401, 'access', 'The server does not know this browser.', 'Open the link that `tomograd serve` printed; it holds a token that works once.')
  throw new ApiError(answer.status, said?.kind ?? 'failure', said?.message ?? `${path} answered ${answer.status} ${answer.statusText}`, said?.hint, said?.context)
}

/** Where an <img> finds a figure of the report. What stands behind the # is for the browser alone: another version is another picture. */
export const figureAddress = (id: string, name: string, version: string): string => `${address(`experiments/${encodeURIComponent(id)}/figures/${encodeURIComponent(name)}`)}#${version}`

const get = async <R>(path: string, query?: Query, signal?: AbortSignal): Promise<R> => (await ask(path, query, { signal })).json() as Promise<R>
const post = async <R>(path: string, body: unknown, signal?: AbortSignal): Promise<R> =>
  (await ask(path, {}, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal })).json() as Promise<R>
const of = (id: string, rest = ''): string => `experiments/${encodeURIComponent(id)}${rest}`

export const api = {
  server: () => get<T.ServerFacts>('server'),
  cluster: () => get<T.ClusterFacts>('cluster'),
  jobs: () => get<{ jobs: T.Job[] }>('jobs'),
  schema: (name: string) => get<Table>(`schema/${name}`),

  experiments: () => get<{ experiments: T.Experiment[] }>('experiments'),
  experiment: (id: string) => get<T.ExperimentDetail>(of(id)),
  specText: (id: string) => get<T.SpecText>(of(id, '/spec')),
  trials: (id: string) => get<T.Trials>(of(id, '/trials')),
  trial: (id: string, trial: number) => get<T.Trial>(of(id, `/trials/${trial}`)),
  curves: (id: string, trials: number[], points = 400) => get<{ curves: T.Curve[] }>(of(id, '/curves'), { trials: trials.join(','), points }),
  leaveOneOut: (id: string) => get<T.LeaveOneOut>(of(id, '/leave-one-out')),
  search: (id: string, x?: string, y?: string) => get<T.Search>(of(id, '/bayes'), { x, y }),
  expectations: (id: string) => get<T.Expectations>(of(id, '/next')),
  timeline: (id: string) => get<T.Timeline>(of(id, '/timeline')),
  report: (id: string) => get<T.Report>(of(id, '/report')),
  figures: (id: string) => get<T.Figures>(of(id, '/figures')),
  log: (id: string, limit = 500, after = 0) => get<{ last: number; events: T.LogEvent[] }>(of(id, '/log'), { after, limit }),

  create: (body: { toml: string; root: number; name: string; workers: number; start: boolean; terms?: Table }) => post<{ spec: string; job: T.Job | null }>('experiments', body),
  plan: (body: Record<string, unknown>, signal?: AbortSignal) => post<T.Plan>('experiments/plan', body, signal),
  stop: (id: string) => post<T.Experiment>(of(id, '/stop'), {}),
  cancel: (id: string) => post<T.Experiment>(of(id, '/cancel'), {}),
  resume: (id: string, workers = 0) => post<{ job: T.Job }>(of(id, '/resume'), { workers }),
  retry: (id: string, trials: number[], workers = 0) => post<{ job: T.Job }>(of(id, '/retry'), { trials, workers }),
  extend: (id: string, more: { trials: number } | { seeds: number }) => post<{ trials_before: number; trials: number }>(of(id, '/extend'), more),
  fork: (id: string, name: string, settings: string[]) => post<Table>(of(id, '/fork'), { name, settings }),
  note: (id: string, trial: number, text: string) => post<{ notes: T.Note[] }>(of(id, '/note'), { trial, text }),

  describe: (body: Record<string, unknown>, signal?: AbortSignal) => post<T.ModelFacts>('models/describe', body, signal),

  datasets: () => get<{ datasets: T.DatasetSummary[] }>('datasets'),
  dataset: (id: string, grids = false) => get<T.Dataset>(`datasets/${id}`, { grids: grids ? 1 : undefined }),
  labelCounts: (id: string, index: number) => get<T.LabelCounts>(`datasets/${id}/labels`, { case: index }),
  sampling: (id: string, body: { toml: string; patches?: number; cases?: number }) => post<T.SamplingPreview>(`datasets/${id}/sampling`, body),

  volumes: () => get<{ volumes: T.VolumeFile[] }>('volumes'),
  volume: (id: string) => get<T.Volume>(`volumes/${id}`),
  range: (id: string, channel = 0) => get<T.Range>(`volumes/${id}/range`, { channel }),
  tile: async (id: string, query: Query, signal?: AbortSignal): Promise<{ data: Uint16Array; width: number; height: number }> => {
    const answer = await ask(`volumes/${id}/plane`, { ...query, as: 'raw16' }, { signal })
    return { data: new Uint16Array(await answer.arrayBuffer()), width: Number(answer.headers.get('X-Width')), height: Number(answer.headers.get('X-Height')) }
  },
}
