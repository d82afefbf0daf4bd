/**
 * A layer of native modules (`../native-modules.ts`). Where layers are not mounted (capability `lambdaLayers`) there is
 * none, and the function's asset takes the modules in.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { AssetHashType } from 'aws-cdk-lib'
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { layerFolder, type NativeModules, platformOf } from '../native-modules.ts'
import { ServiceStack } from './service-stack.ts'

export class NativeLayer extends Construct {
  readonly layer: LayerVersion | undefined
  readonly #folder: string

  constructor(scope: Construct, id: string, modules: NativeModules) {
    super(scope, id)
    const { deployment, root } = ServiceStack.of(this)
    // Tests put something small here: a template does not depend on what is in a layer.
    const given: unknown = this.node.tryGetContext('backlot:layers')
    const platform = platformOf(deployment)
    this.#folder = typeof given === 'string' ? given : layerFolder(modules, platform, root)
    if (!existsSync(this.#folder))
      throw new Error(`expected the layer ${modules.name} in ${this.#folder}, got none: call prepareLayer() first`)
    if (!deployment.capabilities.lambdaLayers) return
    this.layer = new LayerVersion(this, 'Layer', {
      layerVersionName: ServiceStack.of(this).nameFor(modules.name),
      description: path.basename(this.#folder),
      // The folder's name says what is in it: hashing 70 MB at every synth would say nothing more.
      code: Code.fromAsset(this.#folder, { assetHashType: AssetHashType.CUSTOM, assetHash: hashOf(this.#folder) }),
      compatibleArchitectures: [Architecture.ARM_64],
      compatibleRuntimes: [Runtime.NODEJS_24_X],
    })
  }

  /** A copy of the bundle with the modules beside it. */
  codeWith(bundle: string): Code {
    const folder = `${bundle}-with-modules`
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    cpSync(bundle, folder, { recursive: true })
    cpSync(path.join(this.#folder, 'nodejs'), folder, { recursive: true })
    return Code.fromAsset(folder)
  }
}

const hashOf = (folder: string): string => createHash('sha256').update(path.basename(folder)).digest('hex')
