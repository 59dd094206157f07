#!/usr/bin/env node
import { run } from './program/run.js'
import { Terminal } from './terminal/terminal.js'

const { stdin, stdout, stderr, env } = process
const terminal = new Terminal({ stdin, stdout, stderr, env })
const interruption = new AbortController()

// The first Ctrl-C lets the current work finish; the second one does not wait for that.
const interrupt = (): void => {
  if (interruption.signal.aborted) process.exit(130)
  interruption.abort()
}
process.on('SIGINT', interrupt).on('SIGTERM', interrupt)

process.exitCode = await run(process.argv.slice(2), { terminal, signal: interruption.signal, folder: process.cwd() })
// An open prompt for a password would keep the process alive.
stdin.unref?.()
