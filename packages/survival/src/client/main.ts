import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Connection, type ConnectOptions, connect } from 'leveret'
import { contractsOf } from './contracts.js'
import { Death } from './death.js'
import { Notebook } from './notebook.js'
import { Sending } from './sending.js'
import type { Answer, ClientSettings, Command } from './settings.js'
import { startWorking } from './working.js'

// The client under test: a process of its own, so that whatever ends it can be seen. It is told what to do over IPC.
const settings = JSON.parse(process.argv[2] ?? '') as ClientSettings
const notebook = new Notebook(settings.ledgerPath)
const lag = monitorEventLoopDelay({ resolution: 10 })
lag.enable()
process.on('warning', ({ name, message }) => notebook.note('warning', settings.run, `${name}: ${message}`))
notebook.note('started', settings.run)

const rabbit = await connect(settings.urls, optionsOf(settings))
const contracts = contractsOf(settings)
await startWorking(rabbit, contracts, notebook, { ...settings, death: new Death(settings) })
const sending = new Sending(rabbit, contracts, notebook, settings)

process.on('message', async (command: Command) => {
  const failed = await obey(command).then(
    () => undefined,
    (error: unknown) => String(error),
  )
  const answer: Answer = { done: command.do, failed }
  process.send?.(answer)
  if (command.do !== 'finish') return
  // Without a channel to its parent, nothing of ours keeps the process alive.
  process.off('disconnect', goWithParent)
  process.disconnect()
})
process.on('disconnect', goWithParent)
process.send?.({ done: 'start' })

async function obey(command: Command): Promise<void> {
  if (command.do === 'stop') await sending.stop()
  if (command.do === 'block') standStill(command.ms)
  if (command.do === 'publish') await sending.publish(command.exchange, command.count, command.bytes)
  if (command.do === 'hang') await sending.hang()
  if (command.do === 'probe') await sending.probe()
  if (command.do === 'measure') measure()
  if (command.do === 'finish') await finish(rabbit)
}

/** Nobody would ever tell it to end. */
function goWithParent(): void {
  process.exit(1)
}

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  notebook.note('lag', settings.run, String(ms))
}

function measure(): void {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  notebook.note('heap', settings.run, String(heapUsed))
  notebook.note('rss', settings.run, String(rss))
}

async function finish(open: Connection): Promise<void> {
  await open.close()
  notebook.note('lag', settings.run, String(Math.ceil(lag.max / 1e6)))
  lag.disable()
}

function optionsOf({ heartbeatMs, publishTimeoutMs, username, passwordFile }: ClientSettings): ConnectOptions {
  const options = { heartbeatMs, publishTimeoutMs, startupTimeoutMs: 180_000 }
  if (passwordFile === undefined) return options
  return { ...options, credentials: () => ({ username, password: readFileSync(passwordFile, 'utf8') }) }
}
