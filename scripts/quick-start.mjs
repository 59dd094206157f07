import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command } from './set-up/command.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { packOne } from './set-up/packing.mjs'
import { report, SetUpError, say } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

const PATIENCE_MS = 60_000

// npm run quick-start: follows the quick start of README.md in a fresh folder, word for word, with the packages as they would be published.
await report(async () => {
  checkNodeVersion()
  await installDependencies()
  await build()
  const folder = await mkdtemp(join(tmpdir(), 'leveret-quick-start-'))
  try {
    await follow(folder)
    say('the quick start of README.md works, without Docker')
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** @param {string} folder */
async function follow(folder) {
  const [commands = '', broker = '', program = '', printed = ''] = await fences()
  const [leveret, memoryBroker] = [await packOne('leveret', folder), await packOne('memory-broker', folder)]
  const port = await freePort()

  const install = commands.replace('npm install leveret ', `npm install ${leveret} `)
  if (install === commands) throw new SetUpError('the quick start does not install leveret', 'correct this script')
  say(`sh: ${commands.trim().replaceAll('\n', '; ')}`)
  await command('sh', ['-ec', install], { cwd: folder })
  const project = join(folder, 'thumbnails')
  await writeFile(join(project, 'index.ts'), program)
  await command('npx', ['tsc', '--noEmit'], { cwd: project })

  const start = broker
    .replace('@leveret/memory-broker', `--package ${memoryBroker} memory-broker`)
    .replace('5672', port)
  say(`sh: ${broker.trim()}`)
  const ended = [run(start, folder, {})]
  const running = run('npx tsx index.ts', project, { RABBITMQ_URL: `amqp://localhost:${port}` })
  ended.push(running)
  try {
    await running.printed(new RegExp(printed.trim().replaceAll('…', '.*')))
    say(`npx tsx index.ts: ${printed.trim()}`)
  } finally {
    await Promise.all(ended.map(({ interrupt }) => interrupt()))
  }
}

/** The code of the quick start: commands, those for a broker, the program, and what it prints. @returns {Promise<string[]>} */
async function fences() {
  const text = await readFile(join(root, 'README.md'), 'utf8')
  const [, section = ''] = text.split('## Quick start\n')
  return [...section.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, code = '']) => code)
}

/** @returns {Promise<string>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return String(typeof address === 'object' ? address?.port : address)
}

/** Runs a command as a terminal does: Ctrl-C reaches all of its processes. @param {string} line @param {string} cwd @param {NodeJS.ProcessEnv} env */
function run(line, cwd, env) {
  const child = spawn('sh', ['-c', line], { cwd, env: { ...process.env, ...env }, detached: true })
  const exited = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return {
    /** @param {RegExp} expected */
    printed: async (expected) => {
      const until = performance.now() + PATIENCE_MS
      while (!expected.test(output)) {
        if (child.exitCode !== null || performance.now() > until) {
          throw new SetUpError(`\`${line}\` did not print what it should:\n${output}`, 'correct the quick start')
        }
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    interrupt: async () => {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
      await exited
    },
  }
}
