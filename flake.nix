{
  description = "rolecall: AWS credentials for SDKs, shells and child processes";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      forAll = build: nixpkgs.lib.genAttrs systems (system: build nixpkgs.legacyPackages.${system});
      cargo = (nixpkgs.lib.importTOML ./Cargo.toml).package;
    in
    {
      packages = forAll (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = cargo.name;
          version = cargo.version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          nativeBuildInputs = [ pkgs.installShellFiles ];
          # The black-box tests want a network of their own and a kernel's keyring, which a sandbox has not.
          cargoTestFlags = [ "--lib" ];
          nativeCheckInputs = [ pkgs.bash ];
          postInstall = ''
            installManPage packaging/man/*.1
            installShellCompletion --cmd rolecall \
              --bash completions/rolecall.bash --zsh completions/_rolecall --fish completions/rolecall.fish
            install -Dm644 completions/rolecall.elv -t $out/share/elvish/lib
            install -Dm644 completions/rolecall.nu completions/rolecall.ps1 -t $out/share/rolecall/completions
            install -Dm644 packaging/shell/* -t $out/share/rolecall/shell
          '';
          meta = {
            description = cargo.description;
            license = with pkgs.lib.licenses; [ mit asl20 ];
            mainProgram = "rolecall";
          };
        };
      });

      apps = forAll (pkgs: {
        default = {
          type = "app";
          program = "${self.packages.${pkgs.stdenv.hostPlatform.system}.default}/bin/rolecall";
        };
      });
    };
}
