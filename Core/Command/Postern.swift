import ArgumentParser
import Gateway
@main struct Postern: ParsableCommand { func run() throws { print("postern") } }
