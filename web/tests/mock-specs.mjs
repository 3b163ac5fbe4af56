// Made-up schemas, plans and networks for the tests of layout.
const p = (description, extra) => ({ description, ...extra })
const table = properties => ({ type: 'object', properties })
export const schemas = {
  model: table({
    kind: p('network', { type: 'string', enum: ['unet', 'deepmedic', 'msd', 'skip', 'graph'], default: 'unet' }),
    family: p('unet: unet3d (Cicek/MATLAB), nnunet (self-configured), residual (MONAI\'s layout)', { type: 'string', enum: ['unet3d', 'nnunet', 'residual'], default: 'residual' }),
    in_channels: p('input channels; 0 = as many as the run uses', { type: 'integer', default: 0, minimum: 0, maximum: 4096 }),
    depth: p('unet: number of down-samplings, up to 8; msd: number of layers; 0 = the family\'s default', { type: 'integer', default: 0, minimum: 0, maximum: 1000 }),
    filters: p('unet: channels of the first level; 0 = the family\'s default', { type: 'integer', default: 0, minimum: 0, maximum: 1024 }),
    dropout: p('dropout; -1 = the family\'s default', { type: 'number', default: -1, minimum: -1, maximum: 0.95 }),
    path_channels: p('deepmedic: channels of the eight convolutions of a path', { type: 'array', items: { type: 'integer', minimum: 1, maximum: 4096 }, default: [] }),
    width: p('msd: channels per layer', { type: 'integer', default: 1, minimum: 1, maximum: 256 }),
  }),
  strategy: table({
    kind: p('how trials are chosen', { type: 'string', enum: ['leave-one-out', 'channel-dropout', 'sweep', 'random', 'bayesian'], default: 'leave-one-out' }),
    channels: p('modalities left out in turn; empty = all', { type: 'array', items: { type: 'string' }, default: [] }),
    leave_channels: p('leave every channel out in turn', { type: 'boolean', default: true }),
    leave_patients: p('leave every patient out in turn', { type: 'boolean', default: true }),
    folds: p('patients are tested in this many groups', { type: 'integer', default: 0, minimum: 0, maximum: 1000 }),
    seeds: p('repeats of every trial with another seed', { type: 'integer', default: 1, minimum: 1, maximum: 1000 }),
    metric: p('what trials report', { type: 'string', default: 'dice' }),
    margin: p('equivalence margin', { type: 'number', default: 0.02, minimum: 0, maximum: 1 }),
    trials: p('number of trials of a random or bayesian search', { type: 'integer', default: 30, minimum: 1, maximum: 100000 }),
    parallel: p('bayesian: proposals at a time; 0 = workers', { type: 'integer', default: 0, minimum: 0, maximum: 1024 }),
    halving: p('one in so many goes on', { type: 'integer', default: 0, minimum: 0, maximum: 100 }),
  }),
}
schemas.block = table({
  name: p('name of the block, unique', { type: 'string', default: '' }),
  channels: p('output channels of a convolution; 0 = as many as the network has', { type: 'integer', default: 0, minimum: 0, maximum: 65536 }),
  kernel: p('kernel size', { type: ['array', 'integer'], 'x-kind': 'extent', default: [3, 3, 3], items: { type: 'integer', minimum: 1 } }),
  factor: p('factor of subsample, upsample and pool', { type: ['array', 'integer'], 'x-kind': 'extent', default: [1, 1, 1], items: { type: 'integer', minimum: 1 } }),
  activation: p('kind of an activation', { type: 'string', enum: ['none', 'relu', 'leaky_relu'], default: 'none' }),
  mode: p('pool: max or avg; upsample: nearest or linear', { type: 'string', enum: ['', 'max', 'avg', 'nearest', 'linear'], default: '' }),
  repeat: p('so many times in a row', { type: 'integer', default: 1, minimum: 1, maximum: 1000 }),
})
schemas.run = table({
  seed: p('seed of everything random', { type: 'integer', default: 1, minimum: 0 }),
  max_steps: p('optimiser steps after which training ends', { type: 'integer', default: 0, minimum: 0, 'x-unit': 'steps' }),
  model: schemas.model,
  sampling: table({ patch: p('size of a training patch', { type: ['array', 'integer'], 'x-kind': 'extent', default: [64, 64, 64], items: { type: 'integer', minimum: 1 }, 'x-unit': 'voxels' }), batch: p('patches per step', { type: 'integer', default: 2, minimum: 1 }) }),
  optimizer: table({ kind: p('optimiser', { type: 'string', enum: ['sgd', 'adam', 'adamw'], default: 'adamw' }), learning_rate: p('learning rate before the schedule', { type: 'number', default: 0.002, minimum: 0, maximum: 100 }) }),
})
schemas.experiment = table({ name: p('name', { type: 'string', default: '' }), strategy: schemas.strategy, workers: p('trials at a time on this machine', { type: 'integer', default: 1, minimum: 1, maximum: 1024 }), attempts: p('attempts that may fail before a trial counts as failed', { type: 'integer', default: 3, minimum: 1, maximum: 100 }) })

const instance = (type, device, price, days) => ({ type, region: 'us-east-1', device, devices: 1, count: 6, trial_hours: { low: 4, mid: 4, high: 4 }, days, days_interval: { low: days * 0.8, mid: days, high: days * 1.3 }, price_per_hour: price, total: price * days * 24 * 6, total_interval: { low: price * days * 100, mid: price * days * 144, high: price * days * 200 }, spot: { count: 6, total: price * days * 55, total_interval: { low: 1, mid: 2, high: 3 }, days: days * 1.1 }, memory: { fits: device !== 'K80', device_bytes: 9e9, device_has_bytes: 16e9, host_bytes: 5e9, host_has_bytes: 64e9 }, commands: [`tomograd experiment run hn.toml --on slurm --gpus 1 # ${type}`] })
export const plan = trials => ({ format: 'tomograd.plan/1', name: 'hn', trials, hours: trials * 4, hours_per_trial: { low: 4, mid: 4, high: 4 }, basis: 'assumed', currency: 'USD', prices_date: '2026-11-01', memory: { parameters: 19069955, weight_bytes: 76279820, activation_bytes: 3.1e9, gpu_bytes: 9.2e9, cpu_bytes: 6.1e9, host_bytes: 4.4e9 }, instances: [instance('g4dn.xlarge', 'T4', 0.526, 8), instance('g5.xlarge', 'A10G', 1.006, 4.1), instance('p2.xlarge', 'K80', 0.9, 20)], cheapest: { type: 'g4dn.xlarge', market: 'spot', count: 6, days: 8, total: 231 }, notes: ['Hours per trial are assumed.'] })

export function model({ spec = {}, patch = [64, 64, 64], batch = 1 }) {
  if (spec.depth > 8 && (spec.kind ?? 'unet') === 'unet') return null
  const kind = spec.kind ?? 'unet', levels = spec.depth || 4
  const boxes = [], arrows = []
  const add = (node, words, x, y, level) => boxes.push({ node, text: words, x, y, width: 130, height: 44, level, aside: false, head: node === 'head', channels: 16 << level, size: patch.map(v => v >> level), parameters: 27 * 256 << level, flop: 4.5e8, receptive_field: [3 + 8 * level, 3 + 8 * level, 3 + 8 * level] }) - 1
  const join = (a, b, label) => { const f = boxes[a], t = boxes[b]; const same = Math.abs(f.y - t.y) < 1; arrows.push({ from: a, to: b, points: same ? [[f.x + f.width, f.y + 22], [t.x, t.y + 22]] : [[f.x + 65, f.y + 44], [f.x + 65, (f.y + 44 + t.y) / 2], [t.x + 65, (f.y + 44 + t.y) / 2], [t.x + 65, t.y]], label, label_x: (f.x + t.x) / 2 + 68, label_y: (f.y + 44 + t.y) / 2 - 4, label_centred: true }) }
  if (kind === 'graph') {
    const blocks = spec.block ?? []
    if (!blocks.length) return null
    blocks.forEach((block, i) => { add(block.name, ['', block.op, ''], 40 + 170 * (i % 3), 20 + Math.floor(i / 3) * 90, 0); if (i) join(i - 1, i, '') })
    return facts({ ...spec, title: `graph of ${blocks.length}` }, patch, batch, { width: 600, height: 60 + 30 * blocks.length, boxes, arrows })
  }
  const down = Array.from({ length: levels }, (_, l) => add(`down${l}`, ['', 'conv 3³', 'instance norm · ReLU'], 40, 20 + l * 90, l))
  const up = Array.from({ length: levels - 1 }, (_, l) => add(`up${l}`, ['', kind === 'deepmedic' ? 'up-sample 3³' : 'transposed conv 2³', ''], 400, 20 + l * 90, l))
  const head = add('head', ['', 'conv 1³', ''], 640, 20, 0)
  down.slice(1).forEach((one, l) => join(down[l], one, `${16 << l} × ${patch.map(v => v >> l).join('×')}`))
  up.forEach((one, l) => join(down[l], one, 'skip'))
  join(up[0], head, '')
  return facts(spec, patch, batch, { width: 800, height: levels * 90 + 20, boxes, arrows })
}

function facts(spec, patch, batch, diagram) {
  const kind = spec.kind ?? 'unet'
  return {
    format: 'tomograd.model/1', title: spec.title ?? `${{ unet: 'U-Net', deepmedic: 'DeepMedic', msd: 'MS-D', skip: 'skip' }[kind]} ${spec.family ?? ''}`.trim(), in_channels: spec.in_channels || 1, out_channels: 2, patch, batch, parameters: kind === 'deepmedic' ? 811362 : 19069955, weight_bytes: 76279820, receptive_field_voxels: [185, 185, 185], flop_per_voxel: kind === 'deepmedic' ? 2.2e6 : 1.1e6, forward_flop: 2.9e11, activation_bytes_training: 3.1e9 * batch, activation_bytes_inference: 9e8,
    legal_sizes: { smallest: [32, 32, 32], step: [32, 32, 32] }, output_size: patch, margin: { before: [0, 0, 0], after: [0, 0, 0] }, output_stride: [1, 1, 1], heads: [], warnings: [], assumed: spec.in_channels ? [] : ['in_channels = 1'],
    memory: [{ precision: 'f32', training_bytes: 3.3e9 * batch, inference_bytes: 9.8e8 }, { precision: 'bf16', training_bytes: 1.8e9 * batch, inference_bytes: 5e8 }], largest_patch: [8, 16, 24, 80].map(g => ({ device_bytes: g * 2 ** 30, patch: [16 * g / 8 + 80, 96, 96].map(Math.floor) })), exact_halo: [92, 92, 92],
    toml: `[model]\nkind = "${kind}"\n`, command: `tomograd model describe ${kind} --patch ${patch.join(',')}`, diagram,
  }
}
