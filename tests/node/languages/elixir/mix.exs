defmodule App.MixProject do
  use Mix.Project

  def project do
    [app: :elixir_app, version: "0.1.0", elixir: "~> 1.18", deps: []]
  end

  def application do
    [extra_applications: [:logger], mod: {App, []}]
  end
end
