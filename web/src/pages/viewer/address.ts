// Addresses of the viewer: which dataset and case, which results lie over it.
import { api } from '../../api/client.ts'
import { report } from '../../parts/notices.tsx'
import { go, href } from '../../router.ts'

export interface ViewerAddress {
  dataset?: string | null
  case?: number | null
  volume?: string | null                         // instead of a dataset: one file by itself
  results?: { experiment: string; trial: number }[]
  mode?: number
}

const query = (to: ViewerAddress) => ({
  dataset: to.dataset, case: to.case, volume: to.volume, mode: to.mode,
  result: to.results?.map(one => `${one.experiment}:${one.trial}`).join(','),
})
export const viewerHref = (to: ViewerAddress): string => href(['viewer'], query(to))

export function readResults(text: string): { experiment: string; trial: number }[] {
  return text.split(',').filter(Boolean).map(part => ({ experiment: part.split(':')[0], trial: Number(part.split(':')[1]) })).filter(one => one.trial > 0)
}

/** Shows the predictions of these trials, side by side when there are two of the same case. */
export async function openInViewer(experiment: string, trials: number[], patientCase?: string): Promise<void> {
  try {
    const all = await Promise.all(trials.map(trial => api.trial(experiment, trial)))
    const first = all.flatMap(one => one.predictions).find(one => !patientCase || one.case === patientCase) ?? all.flatMap(one => one.predictions)[0]
    if (!first) throw new Error(`Trial ${trials.join(' and ')} left no predictions to look at.`)
    const results = all.filter(one => one.predictions.some(p => p.case === first.case)).map(one => ({ experiment, trial: one.trial }))
    const mode = results.length > 1 ? 7 : undefined
    if (first.dataset && first.index >= 0) go(['viewer'], query({ dataset: first.dataset, case: first.index, results, mode }))
    else go(['viewer'], query({ volume: first.volume }))
  } catch (error) {
    report(error)
  }
}
