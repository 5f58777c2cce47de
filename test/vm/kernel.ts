/** A kernel that a VM can boot. */
export interface Kernel {
  /** The name it is chosen by, such as "6.12". */
  name: string;
  /** What `uname -r` says in it. */
  release: string;
  /** Path of its bzImage. */
  image: string;
  /** Path of the directory with modules.dep (lib/modules/RELEASE), when it has modules. */
  modules?: string;
}
