import { render } from 'preact'
import { App } from './app.tsx'
import { startLive } from './api/live.ts'
import { startKeyboard } from './keyboard.ts'
import { startRouter } from './router.ts'
import { startTheme } from './theme.ts'
import './style/base.css'
import './style/shell.css'
import './style/parts.css'
import './style/viewer.css'

startTheme()
startRouter()
startKeyboard()
void startLive()
render(<App />, document.getElementById('page')!)
