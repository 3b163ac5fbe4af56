// Networks of blocks to begin with: those that the other kinds of the form stand for, small enough to be read.
import type { Table } from './dotted.ts'
import type { Block } from './graph_blocks.ts'

const round = { bias: false, norm: 'instance', activation: 'leaky_relu' }

/** A U-Net that halves the grid `levels` times; 8 × 2^level channels. */
export function unetBlocks(levels = 2, filters = 8): Block[] {
  const down = Array.from({ length: levels }, (_, l): Block[] => [
    { name: `down${l}`, op: 'conv', channels: filters << l, ...round, repeat: 2 },
    { name: `pool${l}`, op: 'pool', factor: 2 },
  ]).flat()
  const up = Array.from({ length: levels }, (_, i): Block[] => {
    const l = levels - 1 - i
    return [
      { name: `up${l}`, op: 'transposed_conv', channels: filters << l, kernel: 2, stride: 2, bias: false },
      { name: `cut${l}`, op: 'crop', like: `down${l}`, anchor: 'first' },
      { name: `join${l}`, op: 'concat', from: [`down${l}`, `cut${l}`] },
      { name: `merge${l}`, op: 'conv', channels: filters << l, ...round, repeat: 2 },
    ]
  }).flat()
  return [...down, { name: 'bridge', op: 'conv', channels: filters << levels, ...round, repeat: 2 }, ...up, { name: 'classes', op: 'conv', kernel: 1 }]
}

/** DeepMedic's two paths of unpadded convolutions: the centre as it is, the whole at every third voxel (Kamnitsas et al. 2017). */
export function twoPathBlocks(): Block[] {
  const before = { padding: ['valid'], bias: false, order: 'before', norm: 'batch', activation: 'prelu' }
  const path = (name: string): Block[] => [
    { name: `${name}-1`, op: 'conv', channels: 30, padding: ['valid'], bias: false },
    { name: `${name}-2`, op: 'conv', channels: 30, ...before },
    { name: `${name}-3to6`, op: 'conv', channels: 40, ...before, repeat: 4 },
    { name: `${name}-7to8`, op: 'conv', channels: 50, ...before, repeat: 2 },
  ]
  return [
    { name: 'normal-field', op: 'crop', margin: 16 }, ...path('normal'),
    { name: 'low-sample', op: 'subsample', from: ['input'], factor: 3 }, ...path('low'),
    { name: 'low-up', op: 'upsample', factor: 3 },
    { name: 'low-cut', op: 'crop', like: 'normal-7to8', anchor: 'first' },
    { name: 'join', op: 'concat', from: ['normal-7to8', 'low-cut'] },
    { name: 'hidden', op: 'conv', channels: 150, kernel: 1, bias: false, order: 'before', norm: 'batch', activation: 'prelu', repeat: 2 },
    { name: 'classes', op: 'conv', kernel: 1, order: 'before', norm: 'batch', activation: 'prelu', dropout: 0.5 },
  ]
}

export const starts: { name: string; say: string; blocks: () => Block[] }[] = [
  { name: 'U-Net', say: 'two halvings, skips by concatenation', blocks: () => unetBlocks() },
  { name: 'two paths', say: 'DeepMedic; takes patches of 51 + 3n voxels, 57 of the paper', blocks: twoPathBlocks },
  { name: 'one block', say: 'a single convolution to build upon', blocks: () => [{ name: 'classes', op: 'conv' }] },
]

/** What the blocks begin with when another kind of network was shown. */
export const startFor = (spec: Table): Block[] => (spec.kind === 'deepmedic' ? twoPathBlocks() : unetBlocks())
