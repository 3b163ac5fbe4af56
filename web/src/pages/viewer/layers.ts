// What can be shown of a case: its modalities, truth, predictions and their differences to the truth.
import { api } from '../../api/client.ts'
import type { CaseRow, Dataset, Range, Trial, Volume } from '../../api/types.ts'
import { trialClasses } from '../../lib/case_metrics.ts'
import { categorical, okabeIto, rgb, type Rgb } from '../../lib/colour.ts'
import type { Look } from '../../lib/look_query.ts'
import { readResults } from './address.ts'

export type LayerKind = 'image' | 'truth' | 'prediction' | 'roi' | 'difference'
export interface Layer {
  id: string
  name: string
  kind: LayerKind
  volume: Volume
  channel: number
  range: Range
  against?: Volume                               // difference: the truth
  classes?: LabelClass[]                         // prediction: its own, where they are not the dataset's; none: nobody knows which value is which
}
export type { Look } from '../../lib/look_query.ts'
export interface LabelClass { name: string; value: number; colour: Rgb }
export interface Shown {
  title: string
  layers: Layer[]
  classes: LabelClass[]
  dataset: Dataset | null
  one: CaseRow | null
  trials: Trial[]
  problems: string[]
}

const labelled: Range = { low: 0, high: 65535, minimum: 0, maximum: 65535, whole: true, integers: true }
export const isLabels = (kind: LayerKind): boolean => kind !== 'image'
export const sameGrid = (a: Volume, b: Volume): boolean => a.size_zyx.every((v, i) => v === b.size_zyx[i])

export async function loadCase(id: string, index: number, results: string): Promise<Shown> {
  const dataset = await api.dataset(id)
  const one = dataset.cases.find(row => row.index === index) ?? dataset.cases[0]
  if (!one) throw new Error(`Dataset ${dataset.name} has no case.`)
  const problems: string[] = []
  // One file that cannot be read hides itself, not the others.
  const open = async (name: string, volume: string | null, kind: LayerKind): Promise<Layer | null> => {
    if (!volume) return null
    try {
      const facts = await api.volume(volume)
      return { id: `${kind}:${name}`, name, kind, volume: facts, channel: 0, range: kind === 'image' ? await api.range(volume) : labelled }
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      return null
    }
  }
  const trials = await Promise.all(readResults(results).map(async ({ experiment, trial }) => api.trial(experiment, trial)))
  const predictions = trials.map(trial => ({ trial, volume: trial.predictions.find(p => p.case === one.id)?.volume ?? null }))
  for (const { trial, volume } of predictions) if (!volume) problems.push(`Trial ${trial.trial} left no prediction of ${one.id}.`)
  const found = await Promise.all([
    ...one.images.map((image, m) => open(dataset.modalities[m], image.volume, 'image')),
    open('truth', one.label.volume, 'truth'),
    open('ROI', one.roi.volume, 'roi'),
    ...predictions.map(async ({ trial, volume }) => { const layer = await open(`trial ${trial.trial}`, volume, 'prediction'); return layer && { ...layer, classes: ownClasses(trial, dataset) } }),
  ])
  const layers = found.filter(layer => layer !== null)
  const truth = layers.find(layer => layer.kind === 'truth')
  for (const layer of layers.filter(layer => layer.kind === 'prediction'))
    if (truth && sameGrid(truth.volume, layer.volume) && layer.classes?.length !== 0) layers.push({ ...layer, id: `difference:${layer.name}`, name: `${layer.name} − truth`, kind: 'difference', against: truth.volume })
  const names = Object.keys(dataset.labels)
  const classes = names.flatMap(name => dataset.labels[name].map(value => ({ name: dataset.labels[name].length > 1 ? `${name} ${value}` : name, value, colour: rgb(categorical(name, names)) })))
  return { title: one.id, layers, classes, dataset, one, trials, problems }
}

export async function loadVolume(id: string): Promise<Shown> {
  const volume = await api.volume(id)
  const range = await api.range(id)
  const image: Layer[] = Array.from({ length: Math.min(volume.channels, 8) }, (_, channel) => ({ id: `image:${channel}`, name: volume.channels > 1 ? `channel ${channel}` : volume.name, kind: 'image', volume, channel, range }))
  const labels = await Promise.all((volume.label_volumes ?? []).map(async (one, i): Promise<Layer> => ({ id: `truth:${volume.labels[i]}`, name: volume.labels[i], kind: 'truth', volume: await api.volume(one), channel: 0, range: labelled })))
  return { title: volume.name, layers: [...image, ...labels], classes: [], dataset: null, one: null, trials: [], problems: [] }
}

// A training may join labels into classes of its own.
function ownClasses(trial: Trial, { labels }: Dataset): LabelClass[] | undefined {
  const its = trialClasses(trial.metrics)
  if (its.every(name => name in labels)) return undefined
  return its.length === 1 ? [{ name: its[0], value: Math.min(...Object.values(labels).flat()), colour: rgb(categorical(its[0], its)) }] : []
}

/** Whether it has one class for all labels of the dataset: every value is that class. */
export const isJoined = (layer: Layer): boolean => layer.classes?.length === 1

/** The classes that a layer's values stand for. */
export const classesOf = (layer: Layer, shown: Pick<Shown, 'classes'>): LabelClass[] => layer.classes ?? shown.classes

export function firstLook(layer: Layer, index: number, shown: Pick<Shown, 'classes'>): Look {
  const { range, kind } = layer
  return {
    shown: kind === 'image' ? index === 0 : kind === 'truth' || kind === 'prediction',
    opacity: kind === 'image' ? 1 : 0.55,
    map: 'grey',
    low: range.low ?? 0,
    high: range.high ?? 1,
    outline: kind === 'truth',
    hidden: new Set(),
    colours: kind === 'roi' ? new Map([[1, rgb('#56B4E9')]]) : new Map(classesOf(layer, shown).map(one => [one.value, one.colour])),
  }
}

/** Colours of all values that a label image may hold; those without a name go through the palette. */
export function classColours(look: Look): ReadonlyMap<number, Rgb> {
  return {
    get: (value: number) => (look.hidden.has(value) ? undefined : (look.colours.get(value) ?? rgb(okabeIto[(value - 1) % okabeIto.length]))),
  } as ReadonlyMap<number, Rgb>
}
