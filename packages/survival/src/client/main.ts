import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Connection, ConnectionError, type ConnectOptions, connect, DeadLetters } from 'leveret'
import { churn } from './churn.js'
import { contractsOf } from './contracts.js'
import { Death } from './death.js'
import { Notebook } from './notebook.js'
import { Once } from './once.js'
import { Sending } from './sending.js'
import type { Answer, ClientSettings, Command } from './settings.js'
import { startWorking } from './working.js'

// The client under test. It is a process of its own, so that any end of it can be observed. It receives commands over
// IPC.
const MAX_PASSES = 10

const settings = JSON.parse(process.argv[2] ?? '') as ClientSettings
const notebook = new Notebook(settings.ledgerPath)
const lag = monitorEventLoopDelay({ resolution: 10 })
lag.enable()
process.on('warning', ({ name, message }) => notebook.note('warning', settings.run, `${name}: ${message}`))
notebook.note('started', settings.run)

const rabbit = await connect(settings.urls, optionsOf(settings))
const contracts = contractsOf(settings)
await startWorking(rabbit, contracts, notebook, { ...settings, death: new Death(settings) })
const once = settings.worksOnce === true ? await startOnce() : undefined
const sending = new Sending(rabbit, contracts, notebook, settings)

process.on('message', async (command: Command) => {
  const failed = await obey(command).then(
    () => undefined,
    (error: unknown) => String(error),
  )
  const answer: Answer = { done: command.do, failed }
  process.send?.(answer)
  if (command.do !== 'finish' && command.do !== 'close') return
  // Without a channel to its parent, nothing of this program keeps the process alive.
  process.off('disconnect', goWithParent)
  process.disconnect()
})
process.on('disconnect', goWithParent)
process.send?.({ done: 'start' })

async function obey(command: Command): Promise<void> {
  if (command.do === 'stop') await stop()
  if (command.do === 'block') standStill(command.ms)
  if (command.do === 'publish') await sending.publish(command.exchange, command.count, command.bytes)
  if (command.do === 'hang') await sending.hang()
  if (command.do === 'probe') await sending.probe()
  if (command.do === 'replay') await replay(command.queue)
  if (command.do === 'churn') await churn(rabbit, command.count, measure)
  if (command.do === 'measure') measure()
  if (command.do === 'close') await closeAmidst(command.timeoutMs)
  if (command.do === 'finish') await finish(rabbit)
}

async function startOnce(): Promise<Once> {
  const sending = await connect(settings.directUrls, optionsOf(settings))
  return await Once.start({ working: rabbit, sending }, notebook, settings.run)
}

async function stop(): Promise<void> {
  await Promise.all([sending.stop(), once?.stop()])
}

/** Closes while messages are being sent. Those fail, which is noted. */
async function closeAmidst(timeoutMs: number): Promise<void> {
  const stopped = stop()
  await rabbit.close({ timeoutMs })
  await stopped
}

/** Replays all dead letters of a queue. An interrupted pass begins again. @throws Error if no letter was replayed */
async function replay(queue: 'work' | 'plain'): Promise<void> {
  await using letters = new DeadLetters(rabbit, contracts[queue])
  for (let pass = 1; ; pass += 1) {
    const done = await letters.replay().catch((error: unknown) => {
      if (!(error instanceof ConnectionError) || pass === MAX_PASSES) throw error
    })
    if (done?.replayed === 0 && pass === 1) throw new Error(`There was no dead letter of ${queue} to replay.`)
    if (done !== undefined) return
  }
}

/** Ends with the parent, because nothing else would ever end this process. */
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
