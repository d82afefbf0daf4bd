/**
 * Reads what `cdk synth` wrote: stacks, their templates and their assets.
 * The manifest's shape: https://docs.aws.amazon.com/cdk/v2/guide/configure-synth.html; only the parts named here are read.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { Refusal } from '../refusal.ts'

/** One file or folder that a template names by bucket and key. */
export interface Asset {
  /** CDK's hash of the content. */
  readonly hash: string
  /** Absolute. */
  readonly path: string
  readonly packaging: 'zip' | 'file'
  readonly bucket: string
  readonly key: string
}

export interface AssembledStack {
  /** The construct id: `Links`. */
  readonly id: string
  /** The CloudFormation name: `backlot-links`. */
  readonly stackName: string
  readonly template: string
  readonly assets: readonly Asset[]
  /** Ids of stacks that must be there first. Ours have none: names are conventions. */
  readonly dependencies: readonly string[]
  /** Logical id → construct path, for messages. */
  readonly paths: ReadonlyMap<string, string>
}

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z.record(z.string(), z.unknown()).optional(),
      dependencies: z.array(z.string()).optional(),
      additionalMetadataFile: z.string().optional(),
    }),
  ),
})

const stackPropertiesSchema = z.object({ templateFile: z.string(), stackName: z.string().optional() })

const assetsSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional(), packaging: z.enum(['zip', 'file']).default('file') }),
      destinations: z.record(z.string(), z.object({ bucketName: z.string(), objectKey: z.string() })),
    }),
  ),
  dockerImages: z.record(z.string(), z.unknown()).optional(),
})

const metadataSchema = z.record(z.string(), z.array(z.object({ type: z.string(), data: z.unknown() })))

const readJson = async <S extends z.ZodType>(file: string, schema: S): Promise<z.output<S>> =>
  schema.parse(JSON.parse(await readFile(file, 'utf8')))

async function readAssets(folder: string, file: string): Promise<Asset[]> {
  const { files, dockerImages } = await readJson(join(folder, file), assetsSchema)
  if (dockerImages && Object.keys(dockerImages).length > 0)
    throw new Refusal(
      'unsupported_asset',
      `${file} has Docker image assets; the local cloud takes only files and folders.`,
    )
  return Object.entries(files).flatMap(([hash, { source, destinations }]) =>
    source.path === undefined
      ? []
      : Object.values(destinations).map(({ bucketName, objectKey }) => ({
          hash,
          path: join(folder, source.path ?? ''),
          packaging: source.packaging,
          bucket: bucketName,
          key: objectKey,
        })),
  )
}

async function readPaths(folder: string, file: string | undefined): Promise<Map<string, string>> {
  if (!file) return new Map()
  const metadata = await readJson(join(folder, file), metadataSchema)
  const entries = Object.entries(metadata).flatMap(([path, items]) =>
    items
      .filter(({ type, data }) => type === 'aws:cdk:logicalId' && typeof data === 'string')
      .map(({ data }): [string, string] => [data as string, path.replace(/^\//, '')]),
  )
  return new Map(entries)
}

/** All stacks of the cloud assembly in `folder`, in the manifest's order. */
export async function readAssembly(folder: string): Promise<AssembledStack[]> {
  const { artifacts } = await readJson(join(folder, 'manifest.json'), manifestSchema)
  const stacks = Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack')
  const stackIds = new Set(stacks.map(([id]) => id))
  return Promise.all(
    stacks.map(async ([id, artifact]) => {
      const { templateFile, stackName = id } = stackPropertiesSchema.parse(artifact.properties)
      const dependencies = artifact.dependencies ?? []
      const assetFiles = dependencies
        .filter((name) => artifacts[name]?.type === 'cdk:asset-manifest')
        .map((name) => String(artifacts[name]?.properties?.['file']))
      const [template, assets, paths] = await Promise.all([
        readFile(join(folder, templateFile), 'utf8'),
        Promise.all(assetFiles.map((file) => readAssets(folder, file))),
        readPaths(folder, artifact.additionalMetadataFile),
      ])
      return {
        id,
        stackName,
        template,
        assets: assets.flat(),
        dependencies: dependencies.filter((name) => stackIds.has(name)),
        paths,
      }
    }),
  )
}
