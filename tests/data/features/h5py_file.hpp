#pragma once
/// A file that h5py 3.14 wrote: `features` [12, 6] float32, element i of all being i / 8, in chunks of 5 x 4,
/// shuffled and packed by gzip; `coords` [12, 2] int64, row i being (256 i, 7 i), a chunk a row, with CLAM's
/// attributes.

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <string_view>

namespace photo51::test {

inline std::string h5py_file() {
  constexpr std::string_view packed =
      "78daed994d4c134114c767765b58da957e04ec0a2845301225ba2026450e7e00ca018528879eb4b5dd06920a849686181363"
      "8c099a70efc9c4e8812321c6e80d31261c8c573919a2170f9a10630c6a22eeeeccb4bb2303eac518dfeff2fa66fef376d3ce"
      "ee7bf37abbbff7f40e5f9d0f59280af2a02072b241891f71fb6c3e412da67686da39898d637b4ea3e3211a9fd70d9fefebb3"
      "d41b1cec3aba87580501ff23fd7d27872c1ba77e94da65c9adcb18c9fcd4a491637e6a7c7c329d2befcfd86f5e17a30ab216"
      "33bf9558890ca85457412defcbe6ceb794a16823f2d03b8f2828729dce7bcd1d6dcd4b3209e837ef10dbf1c9bc64cf63941b"
      "99ca64b2068d61dd07194f1b996c325f1e57e893264bf2b4975d02d9d39e3ffb06dc5c3837d88bcdbb62cff37c646b3d7b5e"
      "a332ec6127d6fbceda5bfcfb6eff36ebe603c4b670e31ece7fc5e9bc8278df043a3e5e234d0bbba9ef13c4eba13a8dd3f1f1"
      "12ee3483029cce035b040000000000c066fa622a11ddd9d930d13f529c585dba1990c2bebaea3d38a4160a85cf43ab6601d7"
      "d2a8deb765e1565d6f5b410fba344d6dd3b47087a6bdffd0b4f214dfc0630bde7db6a6ba66b8f3e140b123f5f2ced1fa470d"
      "b1c9372f66bb037763098c96bac3b34493ff64068a2f2dcea702f2b35b0755f5f06b5d8fc51297d1d774d573a2b9b6fef16d"
      "c05f5f195928cac198841734f4e490f70bb911bd5d5f5bbbe7eb3a764aef40a8f63b6edae4a06553c97c7afea946a583944d"
      "2d57f0362077e1da8cdc07b003cca781dbb98349e9345445cc71e42e5c4f33df4fcc59d882000000c05f009b89ea57fa91ac"
      "2dcafa4acc0fd2fefbfa5ee2274ae9d3dd8774f41117b572869658e65469e6c4666254cda189643e357229377ad5a0d75158"
      "8a3de14cefa50fe5f5aa637dd62818d9add773903e9afa531f2db85d1d1564df07da32fe0ca79304ba22a713b53be7389da8"
      "cff598d389fa77cb9cae42a05be1749502dd3b4e27fabf659dd35509744ac8ad13f50d354ee717e85a436edfcffd2ef0ff10"
      "00000000002264b3d2c09bd4996aa9def4a21a73662c79c5ae6877616cd726c152ada8b8ea46ab3e8b37976bc9333d8303d8"
      "51d060ae8ecb6547d386b33e0bc06f0200000000000000000000ff1a3f00b76ec991";
  std::string bytes;
  for (size_t i = 0; i < packed.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(packed.substr(i, 2)), nullptr, 16));
  std::string file(13144, '\0');
  uLongf size = file.size();
  EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(file.data()), &size,
                         reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
            Z_OK);
  return file;
}

}  // namespace photo51::test
