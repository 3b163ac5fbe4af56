// The course of a trial as a spark line. Rows in sight ask for theirs; what is asked within a moment is fetched together.
import { useEffect, useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { finite, thin } from '../../lib/statistics.ts'
import { Spark } from '../../parts/spark.tsx'

const known = new Map<string, number[]>()
let wanted = new Map<string, { experiment: string; trial: number; curve: string; tell: (() => void)[] }>()
let timer = 0
const at_once = 64  // trials that one request may name

function ask(key: string, experiment: string, trial: number, curve: string, tell: () => void): () => void {
  const entry = wanted.get(key) ?? { experiment, trial, curve, tell: [] }
  entry.tell.push(tell)
  wanted.set(key, entry)
  clearTimeout(timer)
  timer = window.setTimeout(fetchWanted, 120)
  return () => {
    entry.tell = entry.tell.filter(one => one !== tell)
    if (!entry.tell.length) wanted.delete(key)
  }
}

async function fetchWanted(): Promise<void> {
  const batch = [...wanted].slice(0, at_once)
  if (!batch.length) return
  const experiment = batch[0][1].experiment
  const same = batch.filter(([, one]) => one.experiment === experiment)
  for (const [key] of same) wanted.delete(key)
  if (wanted.size) timer = window.setTimeout(fetchWanted, 10)
  try {
    const { curves } = await api.curves(experiment, same.map(([, one]) => one.trial), 40)
    for (const [key, one] of same) {
      known.set(key, thin(finite(curves.find(curve => curve.trial === one.trial && curve.name === one.curve)?.values ?? []), 40))
      one.tell.forEach(tell => tell())
    }
  } catch {
    for (const [key] of same) known.set(key, [])  // a table without spark lines is still a table
  }
}

export function TrialSpark({ experiment, trial, state, curve }: { experiment: string; trial: number; state: string; curve: string }) {
  // A running trial is looked at again every half minute.
  const key = `${experiment} ${trial} ${state} ${curve} ${state === 'running' ? Math.floor(Date.now() / 30_000) : ''}`
  const [, redraw] = useState(0)
  useEffect(() => {
    if (state === 'waiting' || known.has(key)) return
    return ask(key, experiment, trial, curve, () => redraw(n => n + 1))
  }, [key])
  const values = known.get(key)
  return values?.length ? <Spark values={values} /> : null
}
