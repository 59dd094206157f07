import { type ContainerRuntimeClient, getContainerRuntimeClient, getReaper } from 'testcontainers'

let engine: Promise<ContainerRuntimeClient> | undefined

/** The Docker engine, found the way Testcontainers finds it. */
export function dockerEngine(): Promise<ContainerRuntimeClient> {
  // Only a success is kept: an engine may be started later.
  engine ??= getContainerRuntimeClient().catch((error: unknown) => {
    engine = undefined
    throw error
  })
  return engine
}

/** Whether a Docker engine answers. */
export async function engineAnswers(): Promise<boolean> {
  return dockerEngine().then(
    () => true,
    () => false,
  )
}

/**
 * Lets Testcontainers' reaper run where it can.
 *
 * Its image cannot be had on a machine without access to Docker Hub. Our own reaper removes the containers too, so there
 * we go on without it. A user who set the variable has decided already.
 *
 * @see https://node.testcontainers.org/configuration/#ryuk-container
 */
export async function prepareTestcontainers(): Promise<void> {
  if (process.env.TESTCONTAINERS_RYUK_DISABLED !== undefined) return
  await getReaper(await dockerEngine()).catch(() => {
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  })
}

/**
 * Runs a program inside a container.
 *
 * @returns its standard output
 * @throws Error when it fails, with what it printed
 */
export async function execInContainer(id: string, command: readonly string[]): Promise<string> {
  const { container } = await dockerEngine()
  const { exitCode, output, stdout } = await container.exec(container.getById(id), [...command])
  if (exitCode !== 0) throw new Error(`${command.join(' ')} failed (${exitCode})\n${output}`.trimEnd())
  return stdout
}
