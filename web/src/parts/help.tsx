// The keys that hold now.
import { helpShown, layers } from '../keyboard.ts'
import { Dialog } from './dialog.tsx'

export function HelpDialog() {
  if (!helpShown.value) return null
  return (
    <Dialog title="Keys" onClose={() => (helpShown.value = false)}>
      {layers.value.map(layer => (
        <section key={layer.title} class="stack">
          <h3>{layer.title}</h3>
          <dl class="facts">
            {layer.keys.map(one => [<dt key={one.key}>{one.key.split(' ').map(k => <kbd key={k}>{k}</kbd>)}</dt>, <dd key={one.key + '-say'}>{one.say}</dd>])}
          </dl>
        </section>
      ))}
      <p class="quiet small">Tables: arrows move, space selects, Enter opens. Charts: hover for values, click to filter, shift-click to compare; drag curves to zoom, double click to see all.</p>
    </Dialog>
  )
}
