// Made-up answers of the API (docs/api.md) for tests of layout: all numbers come from a hash, none from a real experiment.
const hash = (...parts) => {
  let h = 2166136261
  for (const c of parts.join('|')) h = Math.imul(h ^ c.charCodeAt(0), 16777619)
  h ^= h >>> 15
  h = Math.imul(h, 2246822507)
  h ^= h >>> 13
  return (h >>> 0) / 2 ** 32
}
const normal = (...parts) => Math.sqrt(-2 * Math.log(hash(...parts, 'a') + 1e-12)) * Math.cos(2 * Math.PI * hash(...parts, 'b'))

export const channels = ['T1w', 'T1ce', 'T2w', 'T2star', 'ADC', 'ktrans', 've']
export const patients = Array.from({ length: 12 }, (_, i) => `P${String(i + 1).padStart(2, '0')}`)
const loss = { T1w: 0.02, T1ce: 0.06, T2w: 0.012, T2star: 0.004, ADC: 0.045, ktrans: 0.03, ve: 0.0 }
const start = Date.UTC(2026, 10, 20, 8)
const hour = 3600e3

export const server = { format: 'tomograd.server/1', version: '0.0.0-mock', read_only: false, cores: 2, gpus: 0, memory_bytes: 16723181568, now_unix_milliseconds: start + 30 * hour, roots: [{ root: 0, name: 'study' }], page: true }

const base = { root: 0, where: 'local', workers: 3, spent: null, cap: null, currency: null, affordable_trials: null, terms: null, trial_seconds: 620, error: null, metric: 'dice', version: 'v1' }
const counts = (total, running, complete, failed) => ({ total, waiting: total - running - complete - failed, running, complete, failed, preempted: 0, cancelled: 0, pruned: 0 })
export const experiments = [
  { ...base, id: 'loo', name: 'hn-loo', folder: 'out/hn-loo', strategy: 'leave-one-out', state: 'running', trials: counts(96, 3, 88, 2), total_planned: 96, best: { trial: 9, value: 0.78, label: '' }, mean: { value: 0.71, standard_deviation: 0.04 }, busy_seconds: 361213, eta_seconds: 7200, created_unix_milliseconds: start, changed_unix_milliseconds: start + 30 * hour },
  { ...base, id: 'bayes', name: 'lr-bayes', folder: 'out/lr-bayes', strategy: 'bayesian', state: 'running', trials: counts(30, 2, 28, 0), total_planned: 30, best: { trial: 16, value: 0.78, label: 'learning_rate=0.0021' }, mean: null, busy_seconds: 9121, eta_seconds: 360, created_unix_milliseconds: start + hour, changed_unix_milliseconds: start + 30 * hour },
  { ...base, id: 'sweep', name: 'big-sweep', folder: 'out/big-sweep', strategy: 'sweep', state: 'stopped', trials: counts(10000, 0, 7431, 12), total_planned: 10000, best: { trial: 8123, value: 0.812, label: '' }, mean: null, busy_seconds: 5121213, eta_seconds: null, spent: 612, cap: 900, currency: '$', affordable_trials: 1450, terms: { on: 'slurm', workers: 16, between: '19:00-07:00', memory_bytes: 6442450944, queue: 'gpu', price_per_hour: 1.006, instance: 'g5.xlarge', trial_hours: null }, where: 'slurm', created_unix_milliseconds: start - 240 * hour, changed_unix_milliseconds: start },
  { id: 'broken', name: 'old-one', root: 0, folder: 'out/old-one', state: 'unreadable', error: 'study/out/old-one/experiment.sqlite has format tomograd.store/9, this program reads up to 3.', version: 'v1' },
]

const variables = { bayes: [{ key: 'optimizer.learning_rate', scale: 'log', range: [1e-4, 1e-1], values: null, labels: [] }, { key: 'model.filters', scale: 'linear', range: null, values: [8, 16, 32], labels: [] }, { key: 'loss.dice_weight', scale: 'linear', range: [0, 2], values: null, labels: [] }] }
variables.sweep = variables.bayes
const looTrial = n => ({ left: ['', ...channels][Math.floor((n - 1) / 12)], patient: patients[(n - 1) % 12] })
const looValue = n => { const { left, patient } = looTrial(n); return 0.71 + 0.05 * normal('p', patient) - (loss[left] ?? 0) + 0.012 * normal('t', n) }
const at = (n, k) => hash('at', n, k)
const searchValue = n => 0.72 - 0.5 * (at(n, 0) - 0.45) ** 2 + 0.04 * at(n, 1) - 0.05 * (at(n, 2) - 0.6) ** 2 + 0.008 * normal('s', n)
const setting = (n, k) => (k === 0 ? 1e-4 * 1000 ** at(n, 0) : k === 1 ? [8, 16, 32][Math.floor(at(n, 1) * 3)] : 2 * at(n, 2))
const stateOf = (one, n) => (n <= one.trials.complete ? (one.trials.failed && n % 37 === 5 ? 'failed' : 'complete') : n <= one.trials.complete + one.trials.failed + one.trials.running ? 'running' : 'waiting')

export const detail = one => ({
  ...one, format: 'tomograd.experiment_state/1', spec: { strategy: { kind: one.strategy, seeds: 1 } }, facts: { channels, patients }, variables: variables[one.id] ?? [], channels, attempts: 3, lease_seconds: 60, fingerprint: 'sha256:0', dataset: 'cohort',
  notes: [{ id: 3, at_unix_milliseconds: start + 2 * hour, trial: 9, text: 'looks at the brain stem' }], jobs: [], curve_names: ['loss', 'validation_dice'],
})

export function trials(one) {
  const keys = variables[one.id]?.map(v => v.key) ?? []
  const loo = one.id === 'loo'
  const columns = [
    ...['trial', 'state', 'progress', 'attempts', 'failures', 'owner', 'reason', 'abandoned'].map(key => ({ key, kind: 'trial' })),
    ...['started_unix_milliseconds', 'ended_unix_milliseconds', 'busy_seconds'].map(key => ({ key, kind: 'time' })),
    ...(one.terms?.price_per_hour ? [{ key: 'cost', kind: 'money', unit: one.currency }] : []),
    ...['left_out', 'test_name', 'repeat', 'seed'].map(key => ({ key, kind: 'design' })),
    ...keys.map(key => ({ key, kind: 'variable' })),
    { key: 'dice', kind: 'metric', main: true }, { key: 'steps', kind: 'metric' }, { key: 'parameters', kind: 'metric' }, { key: 'peak_bytes', kind: 'timing' },
  ]
  const rows = Array.from({ length: one.trials.total }, (_, i) => {
    const n = i + 1, state = stateOf(one, n), done = state === 'complete', begun = state !== 'waiting'
    return [n, state, state === 'running' ? hash('pr', n) : done ? 1 : 0, begun ? 1 + (n % 11 === 0) : 0, 0, begun ? `node${n % 3 + 1}-4711-1a2b3c` : '', state === 'failed' ? 'the loss is not a number from step 380 on' : '', false,
      begun ? start + n * 6e5 : null, done ? start + n * 6e5 + 5e5 : null, done ? 400 + 200 * hash('b', n) : null,
      ...(one.terms?.price_per_hour ? [done ? (400 + 200 * hash('b', n)) / 3600 * one.terms.price_per_hour : 0] : []),
      loo ? looTrial(n).left : '', loo ? looTrial(n).patient : '', 0, n,
      ...keys.map((_, k) => setting(n, k)), done ? (loo ? looValue(n) : searchValue(n)) : null, done ? 1000 : null, done ? 22340 : null, done ? 1.2e9 + 1e8 * hash('m', n) : null]
  })
  return { format: 'tomograd.trials/1', version: one.version, total: one.trials.total, offset: 0, best_trial: one.best.trial, columns, rows }
}

export const trial = (one, n) => ({
  format: 'tomograd.trial/1', trial: n, state: stateOf(one, n), settings: Object.fromEntries((variables[one.id] ?? []).map((v, k) => [v.key, setting(n, k)])), design: one.id === 'loo' ? { left_out: looTrial(n).left, test_name: looTrial(n).patient } : {},
  metrics: { dice: one.id === 'loo' ? looValue(n) : searchValue(n), steps: 1000, test: [{ case: 'P01-1', patient: 'P01', classes: ['GTV-T', 'GTV-Ln'], dice: [0.74, 0.61], hd95_mm: [4.2, 7.9], assd_mm: [1.2, 2.4], volume_error: [0.1, -0.2] }] }, timing: { seconds: 598.2, peak_bytes: 1.2e9 }, cost: one.terms?.price_per_hour ? 0.17 : null, currency: one.currency, attempts: 1, failures: 0, reason: '', owner: '',
  history: [{ attempt: 1, owner: 'node1-4711-1a2b3c', started_unix_milliseconds: start, ended_unix_milliseconds: start + 6e5, outcome: 'complete', reason: '' }],
  predictions: [{ case: 'P01-1', volume: `prediction-${n % 2}`, dataset: 'cohort', index: 0 }], folder: `${one.folder}/trials/${String(n).padStart(4, '0')}`,
})

export const curves = (numbers, points) => ({
  format: 'tomograd.curves/1',
  curves: numbers.flatMap(n => ['loss', 'validation_dice'].map(name => {
    const steps = Array.from({ length: Math.min(points, 120) }, (_, i) => i * 10)
    return { trial: n, name, steps, values: steps.map(s => (name === 'loss' ? 0.9 * Math.exp(-s / 400) + 0.25 + 0.05 * normal(n, s) : 0.75 * (1 - Math.exp(-s / 300)) + 0.02 * normal(n, s, 'd'))), seconds: steps.map(s => s * 0.6), resumed_at: n % 5 === 0 ? [500] : [] }
  })),
})

export function leaveOneOut() {
  const value = (c, p) => looValue(['', ...channels].indexOf(c) * 12 + p + 1)
  const mean = list => list.reduce((a, b) => a + b, 0) / list.length
  const of = name => {
    const outcomes = patients.map((patient, p) => ({ patient, trial: ['', ...channels].indexOf(name === 'all' ? '' : name) * 12 + p + 1, repeat: 0, value: value(name === 'all' ? '' : name, p) }))
    const m = mean(outcomes.map(o => o.value)), sd = Math.sqrt(mean(outcomes.map(o => (o.value - m) ** 2)))
    const one = { name, outcomes, mean: m, standard_deviation: sd, median: m }
    if (name === 'all') return one
    const changes = patients.map((patient, p) => ({ patient, value: value(name, p) - value('', p) }))
    const estimate = mean(changes.map(c => c.value))
    return { ...one, changes, change: { estimate, low: estimate - 0.011, high: estimate + 0.011, coverage: 0.9517 }, p: loss[name] > 0.02 ? 0.0005 : 0.12, holm_p: loss[name] > 0.02 ? 0.0034 : 0.31, verdict: loss[name] > 0.02 ? 'matters' : loss[name] < 0.005 ? 'does not matter' : 'undecided' }
  }
  return {
    format: 'tomograd.leave_one_out/1', version: 'v1', metric: 'dice', margin: 0.02, patients, pairs: 12, smallest_holm_p: 0.0034, can_reach_significance: true,
    channels: ['all', ...channels].map(of), ranking: [...channels].sort((a, b) => loss[b] - loss[a]),
    matrix: { channels, patients, change: channels.map(c => patients.map((_, p) => (c === 've' && p === 11 ? null : value(c, p) - value('', p)))), trials: channels.map((_, c) => patients.map((__, p) => [(c + 1) * 12 + p + 1])), baseline_trials: patients.map((_, p) => [p + 1]) },
    findings: [], decision: 'Dropping T2star and ve saves 2 of 7 scans per patient for a change of dice between −0.012 and +0.008.', limits: ['12 patients: losses below 0.01 cannot be told from none.'],
  }
}

export function search(one, x, y) {
  const axes = variables.bayes.map(v => (v.values ? { variable: v.key, scale: 'listed', values: v.values, labels: v.values.map(String) } : { variable: v.key, scale: v.scale, low: v.range[0], high: v.range[1] }))
  let best = -1
  const points = Array.from({ length: 28 }, (_, i) => {
    const metric = searchValue(i + 1)
    best = Math.max(best, metric)
    return { trial: i + 1, trials: 1, metric, standard_deviation: null, best_so_far: best, at: [at(i + 1, 0), (Math.floor(at(i + 1, 1) * 3) + 0.5) / 3, at(i + 1, 2)] }
  })
  const key = (wanted, fallback) => (axes.some(axis => axis.variable === wanted) ? wanted : fallback)
  const response = { method: 'Gaussian process', x: key(x, axes[0].variable), y: key(y, axes[2].variable), columns: 24, rows: 24, noise: 0.008, others: [0.5, 0.5, 0.5] }
  const cells = Array.from({ length: 24 * 24 }, (_, i) => [((i % 24) + 0.5) / 24, (Math.floor(i / 24) + 0.5) / 24])
  return {
    format: 'tomograd.search/1', version: 'v1', metric: 'dice', axes, points, best_trial: points.find(p => p.metric === best).trial,
    importance: { method: '', configurations: 28, trees: 64, explained_out_of_bag: 0.6, variables: axes.map((axis, k) => ({ variable: axis.variable, share: [0.62, 0.21, 0.06][k], low: [0.5, 0.1, 0.01][k], high: [0.72, 0.3, 0.1][k] })), together: { variable: '', share: 0.11, low: 0.05, high: 0.2 } },
    response: { ...response, mean: cells.map(([u, v]) => 0.74 - 0.5 * (u - 0.45) ** 2 - 0.05 * (v - 0.6) ** 2), standard_deviation: cells.map(([u, v]) => 0.005 + 0.03 * Math.hypot(u - 0.5, v - 0.5)) },
  }
}

// What the search itself expects of its open proposals.
export const expectations = one => ({
  format: 'tomograd.expectations/1', metric: 'dice', parallel: 2, trials_per_proposal: 1, results: 28, most_results: 200, more: 0,
  proposals: [29, 30].map(n => ({
    proposal: n, trial: n, state: 'running', settings: Object.fromEntries(variables.bayes.map((v, k) => [v.key, setting(n, k)])), basis: 'model', mean: 0.7512 + n / 1e4, standard_deviation: 0.0123, improvement: 0.0042, best: 0.7634,
    success: 1, exploits: n === 30, results: 26 + n % 2, model: { mean: 1.1, standard_deviation: 0.4, best: 1.62, log_improvement: -2.345 },
  })),
})

const share = (allocated, idle, other) => ({ allocated, idle, other, total: allocated + idle + other })
export const cluster = () => ({
  format: 'tomograd.cluster/1', now_unix_milliseconds: start + 30 * hour,
  slurm: {
    installed: true, asking: false, age_seconds: 1.5, queue_known: true, more_queued: 0, troubles: [],
    partitions: [
      { name: 'cpu', default: true, state: 'up', time_limit_seconds: 172800, nodes: share(14, 1, 1), cpus: share(448, 32, 32), gpus: 0, memory_bytes: 4.1e12, memory_promised_bytes: 2.5e12, memory_free_bytes: 1.9e12 },
      { name: 'gpu', default: false, state: 'drain', time_limit_seconds: null, nodes: share(3, 0, 1), cpus: share(96, 0, 32), gpus: 16, memory_bytes: 2.1e12, memory_promised_bytes: null, memory_free_bytes: null },
    ],
    queue: [
      { id: '4711_[3-15%8]', array: '3-15%8', name: 'tomograd-trials', partition: 'gpu', state: 'PENDING', reason: 'JobArrayTaskLimit', elapsed_seconds: 0, time_limit_seconds: 43200, starts_unix_milliseconds: start + 33 * hour, cpus: 8, nodes: 1, memory_bytes: 3.2e10 },
      { id: '4711_0', array: '0', name: 'tomograd-trials', partition: 'gpu', state: 'RUNNING', reason: '', elapsed_seconds: 3723, time_limit_seconds: 43200, starts_unix_milliseconds: start + 29 * hour, cpus: 8, nodes: 1, memory_bytes: 3.2e10 },
    ],
  },
  waiting: [{ id: 'sweep', name: 'big-sweep', state: 'stopped', currency: '$', affordable_trials: 1450, trials: 2557, trial_seconds: 620, work_seconds: 1585340, wall_seconds: 99200, workers: 16, cost: 443, between: '19:00-07:00', open: false, opens_in_seconds: 18000 }],
})

export function timeline() {
  const workers = [1, 2, 3].map(w => {
    let t = w * 20
    const attempts = Array.from({ length: 30 }, (_, i) => {
      const begin = t, length = 400 + 300 * hash('d', w, i), outcome = hash('o', w, i) < 0.06 ? 'lost' : hash('o', w, i) < 0.1 ? 'preempted' : hash('o', w, i) < 0.12 ? 'failed' : 'complete'
      t = begin + length + 10 + (i === 12 ? 2000 : 0)
      return { trial: i * 3 + w, attempt: 1, begin_seconds: begin, end_seconds: begin + length, outcome, reason: outcome === 'complete' ? '' : 'the node went away' }
    })
    return { owner: `node${w}-4711-1a2b3c`, busy_seconds: 15000, waited_seconds: 2300, attempts }
  })
  return { format: 'tomograd.timeline/1', start_unix_milliseconds: start, seconds: 19000, busy_seconds: 45000, lost_seconds: 2100, attempts: { complete: 80, lost: 5, preempted: 3, failed: 2 }, workers, marks: [{ kind: 'stop', trial: 0, at_seconds: 7400 }, { kind: 'resume', trial: 0, at_seconds: 8800 }] }
}

export const report = one => ({ format: 'tomograd.report/1', name: one.name, strategy: one.strategy, metric: 'dice', trials: one.trials, patients, findings: ['88 of 96 trials are complete.', 'Without T1ce the dice falls by 0.060.'], decision: leaveOneOut().decision, limits: leaveOneOut().limits, values: [], configurations: [], ...(one.id === 'loo' ? { channels: leaveOneOut().channels, ranking: leaveOneOut().ranking } : {}) })
export const figures = one => ({ format: 'tomograd.figures/1', version: one.version, figures: one.trials.complete ? [{ name: 'grouped_trials', title: 'Trials per channel left out', caption: 'A dot per patient.' }, { name: 'timeline', title: 'Workers and attempts', caption: 'Numbers are trials.' }] : [] })
export const figure = name => `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="160" viewBox="0 0 320 160"><rect width="320" height="160" fill="#ffffff"/><text x="20" y="80">${name}</text></svg>`
export const log = () => ({ format: 'tomograd.log/1', last: 200, events: Array.from({ length: 200 }, (_, i) => ({ id: 200 - i, at_unix_milliseconds: start + (200 - i) * 3e5, kind: ['claimed', 'complete', 'lost', 'note'][i % 7 > 3 ? 1 : i % 7], trial: (i * 7) % 96 + 1, attempt: 1, text: i % 7 === 2 ? 'the lease of node2-4711-1a2b3c ran out' : '' })) })
export const spec = { format: 'tomograd.experiment_text/1', toml: 'format = "tomograd.experiment/1"\nname = "hn-loo"\ndata = "cohort/dataset.json"\n\n[strategy]\nkind = "leave-one-out"\n\n[run]\nmax_steps = 1000\n', changed: [{ key: 'run.max_steps', value: 1000, default: 0 }] }

const shape = [24, 96, 96]
const image = (p, c) => ((p * 7 + c) % 23 === 11 ? { state: 'missing', volume: null, frame: 0, reason: '' } : (p * 5 + c) % 29 === 3 ? { state: 'differs', volume: `scan-${p}-${c}`, frame: 0, reason: 'spacing 3 instead of 1 mm along z' } : { state: 'present', volume: `scan-${p}-${c}`, frame: 0, reason: '' })
export const dataset = {
  format: 'tomograd.dataset_matrix/1', id: 'cohort', name: 'cohort', modalities: channels, labels: { 'GTV-T': [1], 'GTV-Ln': [2] }, patients,
  cases: patients.map((patient, index) => ({ index, id: `${patient}-1`, patient, scan: '1', shape_zyx: index % 4 === 3 ? [20 + index, 96, 96] : shape, spacing_zyx_mm: [index % 4 === 3 ? 3.3 : 3, 1, 1], orientation: 'RAS', digest: '', warnings: [], images: channels.map((_, c) => image(index, c)), label: { state: 'present', volume: `truth-${index}` }, roi: { state: 'missing', volume: null } })),
}
export const sampling = () => ({
  format: 'tomograd.sampling_preview/1', epoch: 0, patches: 256, patch_zyx: [16, 64, 64], training_cases: 12, all_cases: true, warnings: [],
  classes: [{ class: 'background', expected_share: 0.5, realised_share: 0.5, voxel_share: 0.97 }, { class: 'GTV-T', expected_share: 0.25, realised_share: 0.246, voxel_share: 0.02 }, { class: 'GTV-Ln', expected_share: 0.25, realised_share: 0.254, voxel_share: 0.01 }],
  cases: dataset.cases.map(one => ({ case: one.id, patches: 12 + (one.index % 5) })),
  places: Array.from({ length: 200 }, (_, i) => ({ case: i % 12, corner_zyx: [4, 10, 10], centre_zyx: shape.map((n, k) => Math.floor(n * hash('place', i, k))), class: i % 2 ? 0 : 1 + (i % 4) / 2 })),
})
export const datasets = { datasets: [{ id: 'cohort', name: 'cohort', root: 0, file: 'cohort/dataset.json', cases: 12, patients: 12, modalities: channels, error: null }] }
export const volume = id => ({
  format: 'tomograd.volume/1', id, name: id, kind: 'NIfTI', size_zyx: shape, channels: 1, type: 'int16', spacing_zyx_mm: [3, 1, 1], affine: [[1, 0, 0, -48], [0, 1, 0, -48], [0, 0, 3, -36], [0, 0, 0, 1]], orientation: 'RAS', orientation_known: true, uncompressed_bytes: 442368, compressed: true,
  levels: [{ level: 0, size_zyx: shape, factor_zyx: [1, 1, 1], stored: true }, { level: 1, size_zyx: [24, 48, 48], factor_zyx: [1, 2, 2], stored: false }], tile: 256, labels: [],
})
/** Value of a voxel: a head, or two balls of labels. */
export function voxel(id, z, y, x) {
  const r = Math.hypot((z - 12) / 10, (y - 48) / 42, (x - 48) / 36)
  if (id.startsWith('scan')) return r > 1 ? 10 : 300 + 250 * Math.cos(r * 9 + Number(id.split('-')[2])) + (x < 40 && y < 40 ? 200 : 0)
  const shift = id.startsWith('prediction') ? 1 + Number(id.split('-')[1]) * 2 : 0
  if (Math.hypot((z - 13) * 3, y - 40, x - 60 - shift) < 9) return 1
  return Math.hypot((z - 10) * 3, y - 60 + shift, x - 35) < 6 ? 2 : 0
}
