import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tryCommand } from './command.mjs'
import { installPackages } from './debian-packages.mjs'
import { SetUpError, say } from './report.mjs'

/**
 * An engine that this process started.
 *
 * @typedef {object} StartedEngine
 * @property {() => Promise<void>} stop - ends it; its images stay for the next time
 */

/** @returns {Promise<boolean>} a Docker engine answers; a client alone does not count */
export async function engineAnswers() {
  return (await tryCommand('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 })).ok
}

/**
 * Names the engine of the current Docker context, which Testcontainers would otherwise look for at the default socket.
 *
 * @returns {Promise<NodeJS.ProcessEnv>} what to add to the environment
 */
export async function engineEnvironment() {
  if (process.env.DOCKER_HOST) return {}
  const format = '{{.Endpoints.docker.Host}}'
  const { ok, output } = await tryCommand('docker', ['context', 'inspect', '--format', format], { timeoutMs: 10_000 })
  const host = output.trim()
  return ok && /^(unix|tcp|npipe):\S+$/.test(host) ? { DOCKER_HOST: host } : {}
}

/**
 * Installs Debian's Docker engine if need be, and runs it until `stop`.
 *
 * @returns {Promise<StartedEngine>}
 */
export async function startEngine() {
  if (!(await tryCommand('dockerd', ['--version'])).ok) {
    await installPackages(['docker.io', 'iptables', 'ca-certificates'], 'for a Docker engine')
  }
  say('starting a Docker engine for this run')
  const directory = await mkdtemp(join(tmpdir(), 'leveret-dockerd-'))
  const logFile = join(directory, 'dockerd.log')
  const log = await open(logFile, 'a')
  const engine = spawn('dockerd', [], { stdio: ['ignore', log.fd, log.fd], detached: true })
  engine.once('error', () => {})
  await log.close()
  engine.unref()
  for (let tries = 0; tries < 240 && engine.exitCode === null; tries++) {
    if (await engineAnswers()) return { stop: () => stopEngine(engine, directory) }
    await delay(250)
  }
  engine.kill()
  process.stderr.write((await readFile(logFile, 'utf8')).split('\n').slice(-30).join('\n'))
  throw new SetUpError('the Docker engine did not start', 'read its log above, or start Docker by hand')
}

/**
 * @param {import('node:child_process').ChildProcess} engine
 * @param {string} directory - holds its log
 */
async function stopEngine(engine, directory) {
  if (engine.exitCode !== null || engine.signalCode !== null) return
  say('ending the Docker engine of this run')
  engine.ref()
  engine.kill('SIGTERM')
  await once(engine, 'exit')
  await rm(directory, { recursive: true, force: true })
}
