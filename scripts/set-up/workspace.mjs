import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command, tryCommand } from './command.mjs'
import { SetUpError, say } from './report.mjs'
import { manifest, root } from './repository.mjs'

/** What decides whether the dependencies have to be installed again. */
const inputs = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml']
const stamp = join(root, 'node_modules', '.leveret-installed')

/** Installs the dependencies as the lockfile says, with the pnpm that package.json pins; skips it when nothing changed. */
export async function installDependencies() {
  const wanted = await fingerprint()
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return
  const pnpm = manifest().packageManager
  say(`installing the dependencies with ${pnpm}`)
  const next = 'check the access to the npm registry, then try again'
  await command('npx', ['--yes', pnpm, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'], {
    cwd: root,
    next,
  })
  await writeFile(stamp, wanted)
}

/** Compiles every package, which checks its types too. */
export async function build() {
  say('building')
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const { ok, output } = await tryCommand(tsc, ['--build'], { cwd: root })
  if (ok) return
  process.stderr.write(output)
  throw new SetUpError('the code does not compile', 'correct what the compiler says above')
}

async function fingerprint() {
  const hash = createHash('sha256').update(process.version)
  for (const name of inputs) hash.update(await readFile(join(root, name)))
  return hash.digest('hex')
}
