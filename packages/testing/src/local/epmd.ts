import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runProgram } from '../program.js'

/**
 * Starts an Erlang port mapper for the nodes of this process only.
 *
 * Otherwise the first node would start one that outlives this process, or use one of the system.
 *
 * @see https://www.erlang.org/doc/apps/erts/epmd_cmd
 */
export async function startEpmd(port: number): Promise<ChildProcess> {
  const options = ['-port', String(port), '-address', '127.0.0.1']
  const epmd = (await spawned('epmd', options)) ?? (await spawned(await besideErlang(), options))
  if (epmd === undefined) throw new Error("Erlang's epmd was not found; install RabbitMQ with its Erlang.")
  for (let tries = 0; tries < 200; tries++) {
    if (epmd.exitCode !== null) break
    if (await listens(port)) return epmd
    await delay(25)
  }
  epmd.kill('SIGKILL')
  throw new Error(`epmd did not listen on port ${port}; is the port taken, or forbidden?`)
}

function spawned(file: string, args: readonly string[]): Promise<ChildProcess | undefined> {
  return new Promise((resolve) => {
    const child = spawn(file, [...args], { stdio: 'ignore', detached: true })
    child.once('spawn', () => {
      child.unref()
      resolve(child)
    })
    child.once('error', () => resolve(undefined))
  })
}

/** Returns the path of epmd in Erlang's own folder. Not every package links epmd into PATH. */
async function besideErlang(): Promise<string> {
  const print = 'io:format("~s/erts-~s/bin", [code:root_dir(), erlang:system_info(version)]), halt().'
  return join(await runProgram('erl', ['-noshell', '-eval', print]), 'epmd')
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
