// What the four charts agree on: order and colour of the channels, where a click leads.
import type { ChannelOutcome, LeaveOneOut } from '../../../api/types.ts'
import { categorical } from '../../../lib/colour.ts'
import { extent, finite } from '../../../lib/statistics.ts'
import { padded } from '../../../lib/scale.ts'
import { go, queryText } from '../../../router.ts'
import { rangeNumbers, rangeText } from '../../../lib/ranges.ts'

export interface LooProps { id: string; data: LeaveOneOut }

const single = (name: string): boolean => !name.includes('+')
/** A channel's place in the dataset decides its colour; "all" is grey. */
export const channelColour = (data: LeaveOneOut, name: string): string =>
  name === 'all' ? '#888888' : categorical(name, data.channels.map(one => one.name).filter(one => one !== 'all' && single(one)))

export const channelLabel = (name: string): string => (name === 'all' ? 'all' : `without ${name}`)

export const outcomeDomain = (data: LeaveOneOut): [number, number] => padded(...extent(finite(data.channels.flatMap(channel => channel.outcomes.map(one => one.value)))))

/** Click: these trials in the table; shift-click: added to the selection. */
export function pickTrials(id: string, trials: number[], event: MouseEvent): void {
  const before = event.shiftKey ? rangeNumbers(queryText('select')) : []
  go(['experiments', id, 'trials'], { select: rangeText([...before, ...trials]), trial: trials.length === 1 ? trials[0] : null })
}

/** Click: only the trials without this channel in the table; shift-click: they are added to the selection, to compare. */
export function pickChannel(id: string, { name, outcomes }: ChannelOutcome, event: MouseEvent): void {
  if (event.shiftKey) pickTrials(id, outcomes.map(one => one.trial), event)
  else go(['experiments', id, 'trials'], { filter: `left_out=${name === 'all' ? '' : name}` })
}
