// A study for the tests and pictures of the page: a phantom cohort, small experiments whose trials are trial.mjs, and `tomograd serve` on it.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = name => fileURLToPath(new URL(name, import.meta.url))
export const tomograd = process.env.TOMOGRAD ?? here('../../../build/tomograd')
export const lacks = existsSync(tomograd) ? '' : `there is no ${tomograd}; make build, or name it by TOMOGRAD`

export const strategies = {
  leaveOneOut: '[strategy]\nkind = "leave-one-out"\n',
  search: (kind, trials) => `[strategy]\nkind = "${kind}"\ntrials = ${trials}\n[[variable]]\nkey = "rate"\nrange = [1e-4, 1e-1]\nscale = "log"\n[[variable]]\nkey = "filters"\nvalues = [8, 16, 32]\n`,
}

/** cohort: words of `tomograd phantom head-neck`. */
export function makeStudy(cohort) {
  const above = mkdtempSync(join(tmpdir(), 'tomograd-page-')), folder = join(above, 'study')
  mkdirSync(folder)
  const run = (...words) => execFileSync(tomograd, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  run('phantom', 'head-neck', 'cohort', ...cohort)
  run('import', 'cohort', '--filter', 'normalization', '--label-name', '1=GTV-T', '--label-name', '2=GTV-Ln', '--out', 'dataset.json')
  const spec = (name, rest) => `format = "tomograd.experiment/1"\nname = "${name}"\ndata = "dataset.json"\nworkers = 2\n[trial]\ncommand = ["${process.execPath}", "${here('trial.mjs')}"]\n${rest}`
  const experiment = (name, rest) => {
    writeFileSync(join(folder, name + '.toml'), spec(name, rest))
    run('experiment', 'run', name + '.toml')
  }
  return { folder, run, spec, experiment, remove: () => rmSync(above, { recursive: true, force: true }) }
}

/** The link that `tomograd serve` prints, and how to end it. */
export async function serve(folder) {
  const server = spawn(tomograd, ['serve', '.', '--port', '0', '--page', here('../../dist'), '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const link = await new Promise((resolve, reject) => {
    let said = '', complained = ''
    server.stderr.on('data', part => (complained += part))
    server.on('exit', code => reject(new Error(`tomograd serve ended with ${code}: ${complained}`)))
    server.stdout.on('data', part => {
      said += part
      try { resolve(JSON.parse(said).link) } catch { /* not whole yet */ }
    })
  })
  const stop = async () => {
    if (server.exitCode !== null) return
    server.removeAllListeners('exit')
    server.kill('SIGTERM')
    await new Promise(done => server.on('exit', done))
  }
  return { link, stop }
}
